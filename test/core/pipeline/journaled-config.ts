import { SENDING_QUEUE_SCHEMA, type SendingQueueConfig } from '../../../core/config/exporter-options.ts'
import type { ResolvedConfig } from '../../../core/config/resolved.ts'
import type { ProcessorPlugin } from '../../../core/plugin/contract.ts'
import { testConfig } from '../../../sdk/plugin/testing.ts'
import type { TestBackend } from './journaled-world.ts'
import { windowProcessor } from './window-processor.ts'

export interface RunOptions {
  readonly now: number
  readonly pipelines?: readonly string[]
  readonly queueBytes?: number
  readonly counter?: Record<string, unknown>
  readonly outputBudgetBytes?: number
  readonly maxSize?: number
  readonly discardState?: boolean
  /** Beside the first, by id. */
  readonly others?: Readonly<Record<string, TestBackend>>
  /** In front of the counter, in pipeline `counts` alone. */
  readonly before?: ProcessorPlugin
  /** Alone in pipelines whose names begin with `plain`. */
  readonly plain?: ProcessorPlugin
  /** Behind the counter. */
  readonly extra?: ProcessorPlugin
  readonly receiver?: Record<string, unknown>
  readonly sendingQueue?: Record<string, unknown>
  readonly retry?: Record<string, unknown>
  readonly shutdownMs?: number
  /** Of the dead letters. */
  readonly deadLetterBytes?: number
}

/** Plugins are one object each for as long as a Weir runs. */
interface Plugins {
  readonly receiver: object
  /** By id. */
  readonly exporters: readonly (readonly [string, object])[]
}

export function configOf(options: RunOptions, { receiver, exporters }: Plugins): ResolvedConfig {
  const { pipelines = ['counts'], counter: own = {}, before, plain, extra, shutdownMs = 60_000 } = options
  const entry = (id: string, plugin: object, config: unknown = {}, sendingQueue?: SendingQueueConfig) =>
    [id, { id, plugin, config, sendingQueue, position: { file: '', line: 1, column: 1 } }] as const
  const processors = ['windows', ...(extra ? ['extra'] : [])]
  const processorsOf = (name: string) => [
    ...(before && name === 'counts' ? ['before'] : []),
    ...(name.startsWith('counts') ? processors : []),
    ...(plain && name.startsWith('plain') ? ['plain'] : [])
  ]
  return {
    files: [],
    components: {
      receiver: new Map([entry('test', receiver, options.receiver)]),
      processor: new Map([
        entry('windows', windowProcessor, testConfig(windowProcessor, own)),
        ...(before ? [entry('before', before)] : []),
        ...(plain ? [entry('plain', plain)] : []),
        ...(extra ? [entry('extra', extra)] : [])
      ]),
      exporter: new Map(exporters.map(([id, plugin]) => entry(id, plugin, {}, queueConfig(options)))),
      extension: new Map()
    },
    service: {
      workers: 1,
      extensions: [],
      shutdown_timeout: shutdownMs,
      pipelines: Object.fromEntries(
        pipelines.map(name => [
          name,
          {
            receivers: ['test'],
            processors: processorsOf(name),
            exporters: exporters.map(([id]) => id)
          }
        ])
      )
    }
  } as never
}

function queueConfig({ queueBytes = 1 << 20, sendingQueue = {}, retry = {} }: RunOptions): SendingQueueConfig {
  return testConfig({ schema: SENDING_QUEUE_SCHEMA } as never, {
    queue: { max_size: `${queueBytes}B`, max_batch: 7, ...sendingQueue },
    retry: { initial_interval: '50ms', max_interval: '200ms', ...retry },
    timeout: '1s'
  }) as SendingQueueConfig
}
