// Event ids and samples per second through dedup, all new and all duplicates, and bytes an entry takes.
// `node bench/dedup.ts [part of a name]`
import { Murmur3 } from '../core/model/sketch/murmur3.ts'
import type { Config } from '../processors/dedup/config.ts'
import plugin from '../processors/dedup/index.ts'
import { Memory } from '../processors/dedup/memory.ts'
import { Batch, type Block, PointBlockBuilder, type Processor } from '../sdk/plugin/index.ts'
import { ProcessorHarness, testConfig, testContext } from '../sdk/plugin/testing.ts'

const BATCH = 1000
const BATCHES = 1000
const ENTRIES = BATCH * BATCHES
const IN_FLIGHT = 20

const modes: [string, Record<string, unknown>, () => Block[]][] = [
  ['event ids, exact', {}, eventBlocks],
  ['event ids, probabilistic 0.001', { memory: 'probabilistic' }, eventBlocks],
  ['samples of 10,000 series, exact', { mode: 'sample' }, pointBlocks]
]
for (const [name, options, make] of modes) {
  if (!name.includes(process.argv[2] ?? '')) continue
  const config = testConfig(plugin, { ...options, max_entries: ENTRIES }) as Config
  const blocks = make()
  const { fresh, again } = run(config, blocks)
  console.log(
    `${name}: ${fresh.toFixed(2)} M/s new, ${again.toFixed(2)} M/s duplicates, ${bytesPerEntry(config).toFixed(1)} bytes an entry`
  )
}

/** Million items a second; with a few batches in flight, as exporters have it. Time passes, so that all buckets are in use. */
function run(config: Config, blocks: readonly Block[]): { fresh: number; again: number } {
  const context = testContext()
  const processor = plugin.create(config, context) as Processor
  const inFlight: Batch[] = []
  const downstream = (batch: Batch) => {
    inFlight.push(batch)
    if (inFlight.length > IN_FLIGHT) inFlight.shift()!.ack()
  }
  const harness = new ProcessorHarness(processor, context, { downstream }).open()
  const pass = () => {
    const begun = performance.now()
    for (const block of blocks) {
      context.clock.advance(config.window / 2 / BATCHES)
      harness.push(Batch.of({ source: 'bench' }, block))
    }
    for (const batch of inFlight.splice(0)) batch.ack()
    return ENTRIES / (performance.now() - begun) / 1000
  }
  return { fresh: pass(), again: pass() }
}

function bytesPerEntry(config: Config): number {
  const memory = new Memory(config)
  const hash = new Murmur3()
  const key = new Uint32Array(4)
  for (let i = 0; memory.size < ENTRIES; i++) {
    hash.reset().text(`${i}`).finish(key)
    if (!memory.recall(key)) memory.remember(key, (i / ENTRIES) * config.window)
  }
  return memory.bytes / memory.size
}

function eventBlocks(): Block[] {
  return Array.from({ length: BATCHES }, (_, batch) => ({
    type: 'events',
    length: BATCH,
    time: new Float64Array(BATCH),
    value: new Float64Array(BATCH),
    name: new Array<string>(BATCH).fill('e'),
    attributes: new Array<[]>(BATCH).fill([]),
    id: Array.from({ length: BATCH }, (_, i) => uuidOf(batch * BATCH + i))
  }))
}

/** Ids as long as UUIDs. */
function uuidOf(i: number): string {
  const hex = Math.imul(i, 0x9e3779b1) >>> 0
  const text = `${hex.toString(16).padStart(8, '0')}-1f2e-4d3c-8b5a-${i.toString(16).padStart(12, '0')}`
  // In one piece, as a decoder hands it over.
  return Buffer.from(text, 'latin1').toString('latin1')
}

function pointBlocks(): Block[] {
  const { series } = testContext()
  const metric = { name: 'm', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
  const all = Array.from({ length: 10_000 }, (_, i) =>
    series.intern(metric, [
      ['host', `host-${i % 100}`],
      ['route', `/api/v1/items/${i}`]
    ])
  )
  return Array.from({ length: BATCHES }, (_, batch) => {
    const points = new PointBlockBuilder(BATCH)
    for (let i = 0; i < BATCH; i++) points.add(all[(batch * BATCH + i) % all.length], Math.floor(batch / 10) * 1000, i)
    return points.build()
  })
}
