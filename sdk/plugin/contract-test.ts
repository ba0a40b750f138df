import assert from 'node:assert/strict'
import { Subject } from 'rxjs'
import { applySchema } from '../../core/config/schema.ts'
import { ExportError } from '../../core/errors.ts'
import type { Block } from '../../core/model/block.ts'
import type { Batch, Outcome } from '../../core/pipeline/batch.ts'
import { lift } from '../../core/pipeline/lift.ts'
import {
  API_VERSION,
  type Exporter,
  type JsonSchema,
  type Lifecycle,
  type Plugin,
  type Processor,
  type Receiver
} from '../../core/plugin/contract.ts'
import { blocksFor, NOW } from './sample-blocks.ts'
import { FakeClock, type TestContext, testBatch, testConfig, testContext } from './testing.ts'

const PORTS = { receiver: ['out'], processor: ['in', 'out'], exporter: ['in'] }
const PORT_TYPES = ['points', 'events', 'any']
/** Longer than any window or backoff of a sensible default. */
const LONG_MS = 2 * 3_600_000
const STEP_MS = 60_000
const TIMEOUT_MS = 10_000

export interface ContractOptions {
  /** The least a user has to write, with ports left to the kernel (`127.0.0.1:0`). */
  readonly config?: Record<string, unknown>
  /** Paths (`auth.token`) of options that have no default because leaving them out means something. */
  readonly optional?: readonly string[]
  /** Of an exporter: nobody listens where `config` points to, so that every export must fail and may be tried again. */
  readonly unreachable?: boolean
}

/** A rule that every plugin keeps. `check` rejects where it does not; run it as a test of its own. */
export interface Rule {
  readonly name: string
  check(): Promise<void>
}

/** What any plugin of this kind must hold: `for (const { name, check } of contractOf(plugin)) it(name, check)`. */
export function contractOf(plugin: Plugin, options: ContractOptions = {}): Rule[] {
  const rule = (name: string, check: (subject: Subjects) => Promise<void> | void): Rule => ({
    name,
    check: async () => check({ plugin, options, ...make(plugin, options) })
  })
  const common = [
    rule('is well formed', isWellFormed),
    rule('every option says what it is for and has a default', ({ plugin, options }) =>
      describesOptions(plugin, options)
    ),
    rule('takes its defaults and no unknown option', configIsChecked),
    rule('creating it touches nothing', createTouchesNothing),
    rule('may be stopped without a start', ({ instance }) => stop(instance)),
    rule('may be started and stopped twice', startsAndStopsTwice)
  ]
  if (plugin.kind === 'receiver') return [...common, rule('completes its batches when it stops', completes)]
  if (plugin.kind === 'exporter') {
    const name = options.unreachable ? 'may be tried again while nobody answers' : 'takes every kind of block'
    return [...common, rule(name, exportsBlocks)]
  }
  const behaviours = Object.entries(DOWNSTREAM).map(([name, behave]) =>
    rule(`settles every batch where ${name}`, subject => settles(subject, behave))
  )
  return [
    ...common,
    ...behaviours,
    rule('hands back a batch it fails at, and goes on', survivesThrows),
    rule('does not change the blocks it is given', leavesBlocksAlone)
  ]
}

interface Subjects {
  readonly plugin: Plugin
  readonly options: ContractOptions
  readonly context: CountingContext
  readonly instance: Lifecycle
}
type CountingContext = TestContext & { readonly clock: CountingClock }

/** Knows whether timers are set. */
class CountingClock extends FakeClock {
  timersSet = 0

  override setTimer(ms: number, run: () => void): () => void {
    this.timersSet++
    return super.setTimer(ms, run)
  }
}

function make(plugin: Plugin, { config }: ContractOptions) {
  const context = { ...testContext(plugin.type), clock: new CountingClock(NOW) }
  return { context, instance: plugin.create(testConfig(plugin, config), context) as Lifecycle }
}

function isWellFormed({ plugin, instance }: Subjects): void {
  assert.equal(plugin.api, API_VERSION)
  assert.match(plugin.type, /^[a-z][a-z0-9_]*$/, 'type is lower_snake_case')
  assert.match(plugin.description, /^[A-Z].*\.$/, 'description is a sentence')
  const ports = plugin.ports as Readonly<Record<string, string>>
  assert.deepEqual(Object.keys(ports).sort(), PORTS[plugin.kind], `ports of a ${plugin.kind}`)
  for (const port of Object.values(ports)) assert.ok(PORT_TYPES.includes(port), `port ${port}`)
  const has = (member: string) => member in instance
  const wanted = { receiver: ['batches$'], processor: ['process', 'operator'], exporter: ['export'] }[plugin.kind]
  assert.equal(wanted.filter(has).length, 1, `create makes something with ${wanted.join(' or ')}`)
}

function describesOptions(plugin: Plugin, { optional = [] }: ContractOptions): void {
  const without: string[] = []
  walk(plugin.schema, '', (path, option, isRequired) => {
    assert.equal(typeof option.description, 'string', `${path} has a description`)
    assert.ok(!(isRequired && 'default' in option), `${path} is required, so its default means nothing`)
    if (!isRequired && !('default' in option)) without.push(path)
  })
  assert.deepEqual(without.sort(), [...optional].sort(), 'options without a default are those known to be optional')
}

function walk(
  schema: JsonSchema,
  prefix: string,
  visit: (path: string, option: JsonSchema, isRequired: boolean) => void
): void {
  const required = (schema.required ?? []) as readonly string[]
  for (const [name, option] of Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>)) {
    assert.match(name, /^[a-z][a-z0-9_]*$/, `${prefix}${name} is lower_snake_case`)
    visit(`${prefix}${name}`, option, required.includes(name))
    if (option.properties === undefined) continue
    assert.notEqual(option.additionalProperties ?? true, true, `${prefix}${name} refuses unknown options`)
    walk(option, `${prefix}${name}.`, visit)
  }
}

function configIsChecked({ plugin, options: { config = {} } }: Subjects): void {
  assert.doesNotThrow(() => testConfig(plugin, config))
  const { errors } = applySchema(plugin.schema, { ...config, no_such_option: 1 })
  assert.deepEqual(
    errors.map(({ keyword }) => keyword),
    ['additionalProperties']
  )
}

function createTouchesNothing({ plugin, options }: Subjects): void {
  const before = process.getActiveResourcesInfo()
  const { context } = make(plugin, options)
  assert.deepEqual(process.getActiveResourcesInfo(), before, 'no socket, file or timer is open')
  assert.equal(context.clock.timersSet, 0, 'no timer of the clock is set')
  assert.deepEqual(context.state, { state: 'ok' })
}

async function startsAndStopsTwice({ instance }: Subjects): Promise<void> {
  await within('start', instance.start?.(signal()))
  await within('start, again,', instance.start?.(signal()))
  await stop(instance)
  await stop(instance)
}

async function completes({ instance }: Subjects): Promise<void> {
  let completed = 0
  ;(instance as Receiver).batches$.subscribe({ complete: () => completed++ })
  await within('start', instance.start?.(signal()))
  assert.equal(completed, 0, 'not before')
  await stop(instance)
  assert.equal(completed, 1)
}

async function exportsBlocks({ plugin, options, context, instance }: Subjects): Promise<void> {
  const exporter = instance as Exporter
  await within('start', exporter.start?.(signal()))
  try {
    for (const [name, block] of blocksFor(plugin.ports, context.series)) {
      const done = within(`export of ${name}`, exporter.export(block, signal()))
      if (!options.unreachable) await done
      // Where there is nothing to send, nobody may have noticed.
      else if (block.length === 0) await done.catch(() => {})
      else await assert.rejects(done, isRetryable, name)
    }
  } finally {
    await stop(exporter)
  }
}

const isRetryable = (error: unknown) => !(error instanceof ExportError) || error.retryable

/** What becomes of the `turn`th batch that the processor puts out. */
type Behaviour = (batch: Batch, turn: number) => void

const DOWNSTREAM: Readonly<Record<string, Behaviour>> = {
  'all is taken': batch => batch.ack(),
  'some is handed back': (batch, turn) => (turn % 2 === 0 ? batch.nack(new Error('try again')) : batch.ack()),
  'some is dropped': (batch, turn) => (turn % 2 === 0 ? batch.drop('rejected') : batch.ack())
}

async function settles({ plugin, context, instance }: Subjects, behave: Behaviour): Promise<void> {
  const line = await assembled(instance, context, behave)
  const outcomes = new Map<string, Promise<Outcome>>()
  for (const [name, block] of blocksFor(plugin.ports, context.series)) outcomes.set(name, line.send(block))
  await line.end()
  for (const [name, outcome] of outcomes) await within(`the batch of ${name}`, outcome)
  assert.ok(line.sent.every(({ spent }) => spent))
  assertBalanced(context)
}

async function survivesThrows({ plugin, context, instance }: Subjects): Promise<void> {
  const line = await assembled(instance, context, batch => batch.ack())
  const [, block] = blocksFor(plugin.ports, context.series).find(([, { length }]) => length > 0)!
  const { poison, wasRead } = poisoned(block)
  const outcome = await within('the batch settles', line.settle(poison))
  assert.equal(outcome.status, wasRead() ? 'nacked' : 'acked')
  assert.equal((await within('the next one settles', line.settle(block))).status, 'acked')
  await line.end()
  assertBalanced(context)
}

async function leavesBlocksAlone({ plugin, context, instance }: Subjects): Promise<void> {
  const line = await assembled(instance, context, batch => batch.ack())
  for (const [name, block] of blocksFor(plugin.ports, context.series)) {
    const before = columnsOf(block)
    await within(`the batch of ${name}`, line.settle(block))
    assert.deepEqual(columnsOf(block), before, name)
  }
  await line.end()
}

/** A processor as it stands in a pipeline, started. */
async function assembled(instance: Lifecycle, context: CountingContext, behave: Behaviour) {
  const input = new Subject<Batch>()
  const sent: Batch[] = []
  let completed = false
  input.pipe(lift(instance as Processor, context)).subscribe({
    next: batch => behave(batch, sent.push(batch) - 1),
    complete: () => (completed = true)
  })
  await within('start', instance.start?.(signal()))
  return {
    sent,
    send(block: Block): Promise<Outcome> {
      const { batch, settled } = testBatch(block)
      input.next(batch)
      return settled
    },
    /** Sends it, and gives it the time that a processor may hold a batch for. */
    settle(block: Block): Promise<Outcome> {
      const settled = this.send(block)
      context.clock.advance(STEP_MS)
      return settled
    },
    /** No more comes in; time goes on until all is out. */
    async end(): Promise<void> {
      for (let ms = 0; ms < LONG_MS; ms += STEP_MS) context.clock.advance(STEP_MS)
      input.complete()
      for (let ms = 0; ms < LONG_MS && !completed; ms += STEP_MS) context.clock.advance(STEP_MS)
      assert.ok(completed, 'the stream completes after its source')
      await stop(instance)
    }
  }
}

function assertBalanced({ account, credits, ownedCredits }: TestContext): void {
  assert.equal(account.imbalance, 0, `nobody accounts for ${account.imbalance} items`)
  assert.equal(account.inFlight, 0, 'nothing is in flight any more')
  assert.deepEqual([credits.used, ownedCredits.used], [0, 0], 'all credits are back')
}

/** Looks like `block` until a column is read. */
function poisoned(block: Block): { readonly poison: Block; wasRead(): boolean } {
  let read = false
  const get = () => {
    read = true
    throw new Error('this block cannot be read')
  }
  const columns = Object.keys(block).filter(name => name !== 'type' && name !== 'length')
  const poison = Object.defineProperties({ ...block }, Object.fromEntries(columns.map(name => [name, { get }])))
  return { poison, wasRead: () => read }
}

const columnsOf = (block: Block) =>
  Object.entries(block).map(([name, column]) => [
    name,
    ArrayBuffer.isView(column) ? (column as Float64Array).slice() : Array.isArray(column) ? [...column] : column
  ])

const stop = (instance: Lifecycle) => within('stop', instance.stop?.(signal()))
const signal = () => AbortSignal.timeout(TIMEOUT_MS)

async function within<T>(what: string, done: Promise<T> | undefined): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`${what} did not end within ${TIMEOUT_MS} ms`)), TIMEOUT_MS)
  try {
    return (await Promise.race([done, late])) as T
  } finally {
    clearTimeout(timer)
  }
}
