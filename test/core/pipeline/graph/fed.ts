import type { FedPipeline, Sink } from '../../../../core/pipeline/graph/fan-out.ts'

/** A pipeline that takes items of these types; all types if none is named. */
export function fed(sink: Sink, ...types: readonly ('points' | 'events')[]): FedPipeline {
  return { sink, takes: new Set(types.length > 0 ? types : ['points', 'events']) }
}
