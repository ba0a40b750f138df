import type { ItemType, Port } from '../plugin/contract.ts'

/** The ports that items pass in a pipeline and behind it. */
export interface PipelinePorts {
  readonly processors: readonly { readonly in: Port; readonly out: Port }[]
  readonly exporters: readonly Port[]
  /** Those it feeds. */
  readonly pipelines: readonly PipelinePorts[]
}

const ALL: readonly ItemType[] = ['points', 'events']

/**
 * The types of items that a receiver gives to a pipeline. Of several that a pipeline takes it gets the first, unless it
 * asks for more: who counts points in windows must not count logs too because their senders begin to send some.
 *
 * @param asked option `items` of the pipeline
 */
export function given(
  out: Port | readonly ItemType[],
  asked: readonly ItemType[] | undefined,
  pipeline: PipelinePorts
): readonly ItemType[] {
  const own = typeof out === 'string' ? (out === 'any' ? ALL : [out]) : out
  if (asked !== undefined) return own.filter(type => asked.includes(type))
  return typeof out === 'string' ? own : own.filter(type => takes(pipeline, type)).slice(0, 1)
}

/** True if items of `type` fit every port that they, or the items made of them, come to. */
function takes({ processors, exporters, pipelines }: PipelinePorts, type: ItemType): boolean {
  let flow = type
  for (const ports of processors) {
    if (!fits(ports.in, flow)) return false
    if (ports.out !== 'any') flow = ports.out
  }
  return exporters.every(port => fits(port, flow)) && pipelines.every(next => takes(next, flow))
}

const fits = (port: Port, type: ItemType) => port === 'any' || port === type
