import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { ByteReader } from '../../../../core/journal/bytes.ts'
import { EntryDecoder } from '../../../../core/journal/entry-decoder.ts'
import { EntryEncoder } from '../../../../core/journal/entry-encoder.ts'
import type { Distribution } from '../../../../core/model/distribution.ts'
import { type PointBlock, PointBlockBuilder } from '../../../../core/model/points.ts'
import { type Metric, NO_SCOPE, type Resource } from '../../../../core/model/series.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough, type Stepwise } from '../../../../core/model/stepwise.ts'
import batch from '../../../../processors/batch/index.ts'
import cardinalityLimiter from '../../../../processors/cardinality_limiter/index.ts'
import cumulativeToDelta from '../../../../processors/cumulative_to_delta/index.ts'
import dedup from '../../../../processors/dedup/index.ts'
import deltaToCumulative from '../../../../processors/delta_to_cumulative/index.ts'
import enrich from '../../../../processors/enrich/index.ts'
import filter from '../../../../processors/filter/index.ts'
import rateLimiter from '../../../../processors/rate_limiter/index.ts'
import rollup from '../../../../processors/rollup/index.ts'
import transform from '../../../../processors/transform/index.ts'
import windowedCounter from '../../../../processors/windowed_counter/index.ts'
import { FakeClock } from '../../../../sdk/plugin/testing.ts'
import { collectGarbage } from '../../../garbage.ts'
import { type Configured, Line, Output, oneEpoch } from './line-of-processors.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'weir-lifetimes-'))
after(() => rmSync(folder, { recursive: true }))
const hosts = path.join(folder, 'hosts.csv')
writeFileSync(hosts, 'host,zone\nfew-0,a\nmany-1-3,b\n')

const windows = { windows: ['10s', '1m'], allowed_lateness: '1s', max_stale: '2m' }
const LINES: Readonly<Record<string, readonly Configured[]>> = {
  'no processors': [[filter, { exclude: { attributes: { host: '*-7' } } }]],
  conversions: [
    [cumulativeToDelta, { max_stale: '5m' }],
    [deltaToCumulative, { max_stale: '5m' }],
    [cumulativeToDelta, {}]
  ],
  'windows of all attributes': [
    [windowedCounter, { ...windows, late: 'side_output' }],
    [rateLimiter, { rate: 1e6, by: ['host'] }]
  ],
  'windows of one attribute': [
    [dedup, { mode: 'sample' }],
    [windowedCounter, { ...windows, by: ['host'], late: 'amend', aggregations: ['count', 'avg', 'last', 'quantiles'] }],
    [transform, { statements: [{ rename_attributes: { host: 'machine' } }] }]
  ],
  'distinct hosts': [[windowedCounter, { ...windows, without: ['host'], attribute: 'host', aggregations: ['unique'] }]],
  rollup: [[rollup, { tiers: [{ size: '10s' }, { size: '1m' }], allowed_lateness: '1s' }]],
  maps: [
    [transform, { statements: [{ match: { attributes: { host: 'many-*' } }, set: { fleet: 'large' } }] }],
    [enrich, { attribute: 'host', file: hosts }],
    [filter, { exclude: { attributes: { host: '*-7' } } }],
    [batch, { timeout: '10s', by: ['host'] }]
  ],
  overflow: [[cardinalityLimiter, { max_series_per_metric: 5, action: 'overflow', idle_expiry: '1m' }]],
  'labels dropped': [[cardinalityLimiter, { max_series_per_metric: 5, action: 'drop_label', idle_expiry: '1m' }]]
}

const EPOCH = 1_700_000_000_000
const OLD_ENTRIES = 2

interface Step {
  readonly hosts: readonly string[]
  readonly wait: number
  /** Epochs that begin after it: enough for series that nobody uses to go, some, or none. */
  readonly epochs: 'enough' | 'some' | 'none'
  /** Steps of one more epoch, which goes on when the next ones begin. */
  readonly begun: number
  readonly restart: boolean
  readonly newSegment: boolean
  /** Steps for which its output waits. */
  readonly held: number
}

const few = fc.uniqueArray(fc.nat(2), { minLength: 1, maxLength: 3 }).map(all => all.map(i => `few-${i}`))
const many = fc
  .tuple(fc.nat(3), fc.integer({ min: 1, max: 12 }))
  .map(([salt, length]) => Array.from({ length }, (_, i) => `many-${salt}-${i}`))
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    hosts: fc.oneof(few, many, fc.constant([])),
    wait: fc.constantFrom(700, 15_000, 70_000, 4_000_000),
    epochs: fc.constantFrom('enough' as const, 'enough' as const, 'some' as const, 'none' as const),
    begun: fc.nat(12),
    restart: fc.boolean(),
    newSegment: fc.constantFrom(true, true, false),
    held: fc.nat(3)
  }),
  { minLength: 9, maxLength: 12 }
)

const HISTOGRAM: Distribution = {
  kind: 'histogram',
  count: 3,
  sum: 4.5,
  min: 1,
  max: 2,
  bounds: [1, 2],
  counts: [1, 2, 0]
}

const metric = (kind: Metric['kind'], temporality: Metric['temporality']): Metric => ({
  name: `${temporality}_${kind}`,
  unit: '',
  description: '',
  kind,
  temporality
})

/** A point of each kind for every host. Values tell the step and the host. */
function pointsOf(table: SeriesTable, hosts: readonly string[], now: number, step: number): PointBlock {
  const points = new PointBlockBuilder()
  for (const [i, host] of hosts.entries()) {
    const resource: Resource = { attributes: [['service.name', host.slice(0, 6)]], schemaUrl: '' }
    const idOf = (kind: Metric['kind'], temporality: Metric['temporality']) =>
      table.idOf(metric(kind, temporality), [['host', host]], resource, NO_SCOPE)
    const time = now - (step % 3 === 0 ? 20_000 : 0)
    points.addId(table, idOf('counter', 'cumulative'), time, 100 * step + i, EPOCH)
    points.addId(table, idOf('counter', 'delta'), time, 100 * step + i, time - 500)
    points.addId(table, idOf('gauge', 'unspecified'), time, step + i / 100)
    points.addIdDistribution(table, idOf('histogram', 'delta'), time, HISTOGRAM, time - 500)
    const grown = { ...HISTOGRAM, count: 3 * (step + 1), counts: [step + 1, 2 * (step + 1), 0] }
    points.addIdDistribution(table, idOf('histogram', 'cumulative'), time, grown, EPOCH)
    points.addIdDistribution(table, idOf('set', 'delta'), time, { kind: 'set', members: [host, `${step}`] })
  }
  return points.build()
}

/** A journal that is read some steps after it was written. */
class SlowJournal {
  readonly #table: SeriesTable
  readonly #encoder = new EntryEncoder(0)
  #decoder: EntryDecoder
  #entries: (Buffer | 'segment')[] = []

  constructor(table: SeriesTable) {
    this.#table = table
    this.#decoder = new EntryDecoder(table)
  }

  beginSegment(): void {
    this.#encoder.beginSegment()
    this.#entries.push('segment')
  }

  write(block: PointBlock, time: number): void {
    this.#encoder.add({ kind: 'data', time, source: 'test', request: undefined, block })
    this.#entries.push(Buffer.from(this.#encoder.take()))
  }

  *read(): Generator<PointBlock> {
    while (this.#entries.length > OLD_ENTRIES) {
      const entry = this.#entries.shift()!
      if (entry === 'segment') this.#decoder = new EntryDecoder(this.#table)
      else
        for (const one of this.#decoder.decode(new ByteReader(entry)))
          if (one.kind === 'data') yield one.block as PointBlock
    }
  }
}

/** All that comes out. @param expires false: all ids stay */
async function outputOf(name: string, steps: readonly Step[], expires: boolean): Promise<readonly string[]> {
  const table = new SeriesTable()
  const clock = new FakeClock(EPOCH)
  const output = new Output(table)
  const journal = new SlowJournal(table)
  let epoch: Stepwise<void> | undefined
  let at = 0
  const line = new Line(LINES[name], table, clock, block => output.take(block, clock.now(), at + steps[at].held))
  // A function of its own, so that no variable here keeps a block.
  const ingest = (hosts: readonly string[]) => {
    journal.write(pointsOf(table, hosts, clock.now(), at), clock.now())
    for (const block of journal.read()) line.send(block)
  }
  await line.start()
  for (; at < steps.length; at++) {
    const { hosts, wait, epochs, begun, restart, newSegment } = steps[at]
    if (newSegment) journal.beginSegment()
    ingest(hosts)
    clock.advance(wait)
    line.clearSent()
    if (restart) {
      await line.start()
      output.restart(clock.now())
    }
    if (expires && epochs !== 'none') {
      if (epoch !== undefined) runThrough(epoch)
      await beginEpochs(table, output, epochs === 'some' ? 2 : 9)
      epoch = oneEpoch(table, output)
      for (let left = begun; left > 0; left--) epoch.next()
    }
    output.writeUpTo(at)
  }
  used += table.made - table.length
  return output.texts
}

/** Leases go before the last two. */
async function beginEpochs(table: SeriesTable, output: Output, epochs: number): Promise<void> {
  for (let left = epochs; left > 0; left--) {
    if (left === 2) {
      await setImmediate()
      collectGarbage()
    }
    runThrough(oneEpoch(table, output))
  }
}

/** Ids that were used again. */
let used = 0

/** Closes all windows. */
const LAST: readonly Step[] = Array.from({ length: 2 }, () => ({
  hosts: [],
  wait: 90_000,
  epochs: 'some',
  begun: 0,
  restart: false,
  newSegment: false,
  held: 0
}))

for (const name of Object.keys(LINES))
  test(`${name}: all that leaves is the same whether ids of idle series are used again or not`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async steps => {
        const all = [...steps, ...LAST]
        const want = await outputOf(name, all, false)
        assert.deepEqual(await outputOf(name, all, true), want)
      }),
      { numRuns: 2, endOnFailure: true }
    )
  })

test('and they are used again', () => {
  assert.ok(used > 0)
})
