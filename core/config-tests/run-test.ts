import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Position } from '../config/problems.ts'
import type { ResolvedConfig } from '../config/resolved.ts'
import { describeError } from '../errors.ts'
import { MemoryDisk } from '../journal/memory-disk.ts'
import type { Registry } from '../plugin/registry.ts'
import type { TestFailure } from '../rules/testing/run-test.ts'
import type { ConfigTest, ExpectedTable, Send, Step } from './config-test.ts'
import { tableDifferences } from './differences.ts'
import { isWithin, rowOf } from './item-rows.ts'
import { Recorder } from './recorder.ts'
import { StandIns } from './stand-ins.ts'
import type { Row } from './table.ts'
import { formatOffset } from './times.ts'
import { WeirUnderTest, type World } from './weir-under-test.ts'

/** The time that goes by while a sender waits for the answer, if it is not there at once: a journal gathers for 2 ms. */
const REPLY_MS = 10

/** Runs a test of a configuration. Returns what is not as expected; empty if all is. */
export async function runConfigTest(
  test: ConfigTest,
  config: ResolvedConfig,
  registry: Registry
): Promise<TestFailure[]> {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'weir-test-'))
  try {
    return await new TestRun(test, registry, stateDir).run(config)
  } finally {
    await rm(stateDir, { recursive: true, force: true })
  }
}

/** The answer to a sender, which may come later, or never. */
interface Reply {
  readonly position: Position
  readonly send: Send
  readonly receiver: string
  isThere: boolean
  refusal: string | undefined
}

class TestRun {
  readonly #test: ConfigTest
  readonly #world: World
  readonly #standIns: StandIns
  readonly #failures: TestFailure[] = []
  readonly #replies: Reply[] = []
  #weir!: WeirUnderTest

  constructor(test: ConfigTest, registry: Registry, stateDir: string) {
    const recorder = new Recorder()
    this.#test = test
    this.#world = { registry, recorder, disk: new MemoryDisk() }
    this.#standIns = new StandIns(recorder, stateDir)
  }

  async run(config: ResolvedConfig): Promise<TestFailure[]> {
    const { position, start, steps } = this.#test
    const own = this.#standIns.configOf(config)
    if (!(await this.#succeeds(position, 'Weir cannot start', () => this.#start(own, start)))) return this.#failures
    for (const step of steps) if (!(await this.#step(step))) break
    for (const reply of this.#replies) this.#check(reply)
    return this.#failures
  }

  /** Resolves to false if the rest of the test means nothing. */
  async #step({ position, at, action }: Step): Promise<boolean> {
    if (at !== undefined) await this.#weir.time.advanceTo(this.#test.start + at)
    switch (action?.kind) {
      case 'send':
        await this.#send(position, action)
        return true
      case 'expect':
        for (const table of action.tables) await this.#compare(table)
        return true
      case 'backends':
        for (const [exporter, state] of Object.entries(action.states)) this.#world.recorder.set(exporter, state)
        return true
      case 'restart':
        return this.#succeeds(position, 'Weir cannot be restarted', () => this.#restart(action.how))
      case 'reload':
        return this.#succeeds(position, 'Weir cannot reload', () =>
          this.#weir.reload(this.#standIns.configOf(action.config))
        )
      default:
        return true
    }
  }

  async #start(config: ResolvedConfig, now: number): Promise<void> {
    this.#weir = await WeirUnderTest.start(config, this.#world, now)
    await this.#weir.time.settle()
  }

  /** One that crashes is left as it is: its clock stands still for ever. */
  async #restart(how: 'clean' | 'crash'): Promise<void> {
    if (how === 'clean') await this.#weir.stop()
    await this.#start(this.#weir.config, this.#weir.time.clock.now())
  }

  async #send(position: Position, send: Send): Promise<void> {
    for (let i = 0; i < send.times; i++) {
      for (const { receiver, input } of send.inputs) {
        const reply: Reply = { position, send, receiver, isThere: false, refusal: undefined }
        this.#replies.push(reply)
        const answered = this.#weir
          .feed(receiver, input)
          .catch(describeError)
          .then(refusal => Object.assign(reply, { isThere: true, refusal }))
        await this.#weir.time.passFor(answered, REPLY_MS)
      }
    }
  }

  #check({ position, send: { refused }, receiver, isThere, refusal }: Reply): void {
    if (refused === undefined) {
      if (refusal !== undefined) this.#fail(position, `receiver ${receiver} refused it: ${refusal}`)
    } else if (!isThere) this.#fail(position, `receiver ${receiver} did not answer, and was to refuse it: ${refused}`)
    else if (refusal === undefined)
      this.#fail(position, `receiver ${receiver} took it, and was to refuse it: ${refused}`)
    else if (!refusal.includes(refused))
      this.#fail(position, `receiver ${receiver} refused it for another reason: ${refusal}`)
  }

  async #compare(table: ExpectedTable): Promise<void> {
    const { position, source, rows } = table
    const seen = await this.#rowsOf(table)
    const differences = tableDifferences(rows, seen)
    if (differences.length === 0) return
    const now = formatOffset(this.#weir.time.clock.now() - this.#test.start)
    const what = 'exporter' in source ? `${source.kind} of exporter ${source.exporter}` : source.kind.replace('_', ' ')
    this.#fail(position, `${what} at ${now}`, differences)
  }

  async #rowsOf({ source, rows }: ExpectedTable): Promise<Row[]> {
    if (!('exporter' in source)) return source.kind === 'drops' ? this.#weir.drops : this.#weir.deadLetters()
    const { kind, exporter, where } = source
    const quantiles = [...new Set(rows.flatMap(row => row.quantiles))]
    return [...this.#world.recorder.itemsOf(exporter)]
      .filter(item => item.type === kind && isWithin(item, where))
      .map(item => rowOf(item, this.#test.start, quantiles))
  }

  async #succeeds(position: Position, what: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      this.#fail(position, `${what}: ${describeError(error)}`)
      return false
    }
  }

  #fail(position: Position, message: string, differences: readonly string[] = []): void {
    this.#failures.push({ position, message: `${this.#test.name}: ${message}`, differences })
  }
}
