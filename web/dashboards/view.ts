import type { View } from '../app/view.ts'
import { Board } from './board.ts'
import { DashboardChoice } from './list.ts'

/** The list of dashboards, or the one that the URL names. */
export const view: View = (root, place) => {
  let shown: { readonly root: HTMLElement; close(): void } | undefined
  let name: string | undefined
  const show = () => {
    if (shown !== undefined && place.get('name') === name) return
    shown?.close()
    name = place.get('name')
    shown = name === undefined ? new DashboardChoice(place) : new Board(name, place, show)
    root.replaceChildren(shown.root)
  }
  const unlisten = place.onChange(show)
  show()
  return {
    close() {
      unlisten()
      shown?.close()
    }
  }
}
