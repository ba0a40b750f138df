import type { ComponentReport } from '../../core/admin/component-report.ts'
import type { StatusReport } from '../../core/admin/status.ts'
import type { Place } from '../app/place.ts'

/** The component whose details are open, as the URL has it. */
export interface Selection {
  /** `<kind>/<id>` */
  readonly component: string
  /** Of a processor. */
  readonly pipeline: string | undefined
}

export function selectionOf(place: Place): Selection | undefined {
  const component = place.get('component')
  return component === undefined ? undefined : { component, pipeline: place.get('in') }
}

export function isSelected({ kind, id, pipeline }: ComponentReport, selection: Selection | undefined): boolean {
  return selection?.component === `${kind}/${id}` && selection.pipeline === pipeline
}

/** Undefined if nothing is selected, or it is not there. */
export function selectedOf(
  { components }: StatusReport,
  selection: Selection | undefined
): ComponentReport | undefined {
  return components.find(component => isSelected(component, selection))
}
