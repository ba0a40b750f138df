import type { ItemType, Port } from '../plugin/contract.ts'

/** The ports that items pass in a pipeline and behind it. */
export interface PipelinePorts {
  readonly processors: readonly { readonly in: Port; readonly out: Port }[]
  readonly exporters: readonly Port[]
  /** Those it feeds. */
  readonly pipelines: readonly PipelinePorts[]
}

/** True if items of `type` fit every port that they, or the items made of them, come to. */
export function takes({ processors, exporters, pipelines }: PipelinePorts, type: ItemType): boolean {
  let flow = type
  for (const ports of processors) {
    if (!fits(ports.in, flow)) return false
    if (ports.out !== 'any') flow = ports.out
  }
  return exporters.every(port => fits(port, flow)) && pipelines.every(next => takes(next, flow))
}

const fits = (port: Port, type: ItemType) => port === 'any' || port === type
