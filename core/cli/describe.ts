import { partitionedReceivers, pipelinesBehind } from '../config/partitioned.ts'
import type { ComponentConfig, ResolvedConfig } from '../config/resolved.ts'
import type { ServiceConfig } from '../config/service.ts'
import { formatDuration } from '../schema/units.ts'
import { boundOf, type ComponentBound, type MemoryBound, memoryBoundOf } from './memory-bound.ts'
import { readableSize } from './sizes.ts'

const LABEL_WIDTH = 15

/**
 * The graph of each pipeline, and its guarantees below: the moment of the reply to senders, and the losses by a crash.
 * @param operators ids of processors that are RxJS operators, which nobody can look into
 */
export function describeConfig(config: ResolvedConfig, operators: ReadonlySet<string>): string {
  const { service, components } = config
  const lines: string[] = []
  const partitioned = new Set(partitionedReceivers(config).flatMap(({ id }) => pipelinesBehind(id, config)))
  for (const [name, { receivers, processors, exporters }] of Object.entries(service.pipelines)) {
    const sources = receivers.map(id => `${id}${describeBound(components.receiver.get(id))}`)
    lines.push(`pipeline ${name}`, `  ${sources.join(', ')}`)
    for (const id of processors) lines.push(`    → ${id}${describeBound(components.processor.get(id))}`)
    for (const id of exporters)
      lines.push(`    ⇒ ${id} (${describeSendingQueue(components.exporter.get(id)!, service.journal !== undefined)})`)
    const parts = processors.map(id => components.processor.get(id)!)
    const promised = partitioned.has(name) ? partitionedPromises(parts, operators) : promises(service, parts, operators)
    for (const [what, promise] of [...promised, ['memory', memoryOf(service)] as const, ...latePolicies(parts)])
      lines.push(`  ${what.padEnd(LABEL_WIDTH)}${promise}`)
  }
  lines.push(describeMemory(config))
  return lines.join('\n')
}

/** The parts of the bound of the heap, in words. */
export function describeParts(
  { service }: ResolvedConfig,
  { inFlight }: MemoryBound,
  components: readonly ComponentBound[]
): string[] {
  const { output } = service.limits
  const parts = components.map(({ id, bytes }) => `${id} ${readableSize(bytes)}`)
  return [...parts, `in flight ${readableSize(inFlight)}`, `output ${readableSize(output)}`]
}

/** The parts that are not in the heap. */
export function describeOutside({ series, workers, queries }: MemoryBound): string[] {
  const others = { workers, queries }
  const named = Object.entries(others).filter(([, bytes]) => bytes > 0)
  return [`series ${readableSize(series)}`, ...named.map(([name, bytes]) => `${name} ${readableSize(bytes)}`)]
}

function describeMemory(config: ResolvedConfig): string {
  const bound = memoryBoundOf(config)
  const parts = [...describeParts(config, bound, bound.components), ...describeOutside(bound)]
  return `memory of the process: at most ${readableSize(bound.process)} (${parts.join(', ')}, and the runtime and the garbage collector)`
}

function promises(
  service: ServiceConfig,
  processors: readonly ComponentConfig[],
  operators: ReadonlySet<string>
): [string, string][] {
  // Acknowledges before exporters have the data.
  const owner = processors.find(ownsData)?.id
  const { journal, state_dir, dead_letters } = service
  if (journal !== undefined) {
    return [
      ['reply', `once the journal has it on disk (fdatasync, in groups of some milliseconds)`],
      [
        'process crash',
        `loses nothing acknowledged; data sent again afterwards is bit for bit the same${exceptions(processors, operators)}`
      ],
      ['power loss', 'as a process crash'],
      ['clean stop', `keeps everything in ${journal.folder}`],
      [
        'disk',
        `at most ${readableSize(journal.max_size)} of journal, then senders are told to retry later; disk buffers; ${readableSize(dead_letters.max_size)} of dead letters`
      ]
    ]
  }
  const windows = state_dir === undefined ? 'sends open windows as they stand' : `keeps open windows in ${state_dir}`
  return [
    ['reply', owner === undefined ? 'once every exporter has it' : `once ${owner} has it, in memory`],
    [
      'process crash',
      owner === undefined
        ? 'loses nothing acknowledged'
        : `loses the state of ${owner} and the batches that wait for exporters`
    ],
    ['power loss', 'as a process crash'],
    ['clean stop', owner === undefined ? 'loses nothing' : windows]
  ]
}

/** Of pipelines whose journal is the log that others keep. */
function partitionedPromises(
  processors: readonly ComponentConfig[],
  operators: ReadonlySet<string>
): [string, string][] {
  return [
    ['reply', 'none: what is read counts as read once its output is with the exporters, and the state is kept'],
    [
      'process crash',
      `loses nothing; the next owner of a partition repeats some output, bit for bit the same${exceptions(processors, operators)}`
    ],
    ['power loss', 'as a process crash'],
    ['clean stop', 'keeps the state of each partition for its next owner'],
    ['partitions', 'processors exist once for each partition, and so does the memory that they remember']
  ]
}

function memoryOf({ limits }: ServiceConfig): string {
  return `${readableSize(limits.in_flight)} in flight, ${readableSize(limits.output)} of output, and the state of components`
}

function exceptions(processors: readonly ComponentConfig[], operators: ReadonlySet<string>): string {
  const read = processors.flatMap(({ id, plugin, config }) =>
    plugin.kind === 'processor' && plugin.externalInputs !== undefined
      ? [`${plugin.externalInputs(config)} (${id})`]
      : []
  )
  const opaque = processors.filter(({ id }) => operators.has(id)).map(({ id }) => id)
  const conditions = [
    ...(read.length === 0 ? [] : [`nothing has changed in ${read.join(', ')}`]),
    ...(opaque.length === 0 ? [] : [`${opaque.join(', ')} waits for nothing but the pipeline's time`])
  ]
  return conditions.length === 0 ? '' : `, as long as ${conditions.join(' and ')}`
}

function latePolicies(processors: readonly ComponentConfig[]): [string, string][] {
  return processors.flatMap(({ id, plugin, config }): [string, string][] => {
    const policy = plugin.kind === 'processor' ? plugin.latePolicy?.(config) : undefined
    return policy === undefined ? [] : [['late data', `${id} ${policy}`]]
  })
}

function describeSendingQueue({ sendingQueue }: ComponentConfig, hasDisk: boolean): string {
  const { timeout, retry, queue } = sendingQueue!
  const patience =
    retry.max_elapsed_time === 0
      ? 'retries until it succeeds'
      : `gives up after ${formatDuration(retry.max_elapsed_time)}`
  const onDisk = hasDisk && queue.disk_size > 0 ? ` and ${readableSize(queue.disk_size)} on disk` : ''
  return `queue ${readableSize(queue.max_size)}${onDisk}, timeout ${formatDuration(timeout)}, ${patience}`
}

/** @param component undefined for a pipeline that feeds another one */
function describeBound(component: ComponentConfig | undefined): string {
  const bound = boundOf(component)
  return bound === undefined ? '' : ` (remembers at most ${readableSize(bound)})`
}

const ownsData = ({ plugin }: ComponentConfig) => plugin.kind === 'processor' && plugin.ownsData === true
