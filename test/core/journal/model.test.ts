import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WeirError } from '../../../core/errors.ts'
import { Journal } from '../../../core/journal/journal.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { FakeClock } from '../../../sdk/plugin/testing.ts'
import { namedEntry, nameOf } from './blocks.ts'
import { FOLDER, turns } from './harness.ts'
import { type Fault, randomFrom, SimulatedDisk } from './simulated-disk.ts'

const SEGMENT_BYTES = 600
const MEMORY_BYTES = 8
const RETRY_MS = 1000

/** What everybody was told. */
interface Model {
  /** Reported as committed, by number. */
  committed: string[]
  /** Appended, in order; nobody was told what became of them. */
  open: string[]
  /** Number of the entry that is read next. */
  next: number
  /** A restart begins here. */
  from: number
}

/** A journal under test. Checks all it reports against the model as it comes. */
class Subject {
  readonly disk: SimulatedDisk
  readonly model: Model
  #clock = new FakeClock()
  #journal: Journal | undefined
  #lives = 0

  constructor(disk: SimulatedDisk, model: Model) {
    this.disk = disk
    this.model = model
  }

  get journal(): Journal {
    return this.#journal!
  }

  append(name: string): void {
    const { model } = this
    model.open.push(name)
    const number = this.journal.append(namedEntry(name, name.length % 3 === 0 ? 200 : 0), 1)
    assert.equal(number, model.committed.length + model.open.length - 1, 'numbers have no gap')
  }

  async settle(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.#clock.advance(RETRY_MS)
      await turns(1)
    }
  }

  /** Up to `count` entries; an error of the disk may come between. */
  async read(count: number): Promise<void> {
    const { model } = this
    for (let i = 0; i < count; i++) {
      const { unread } = this.journal
      assert.equal(unread, model.committed.length - model.next)
      const read = await this.journal.read().catch(error => assert.notEqual(error.code, 'STATE_INVALID', error))
      if (read === undefined && (unread > 0 || model.committed.length > model.next)) return
      if (read === undefined) continue
      assert.equal(read.number, model.next)
      assert.equal(nameOf(read.entry), model.committed[model.next++])
    }
  }

  /** As after a checkpoint of all that was read. */
  async removeBefore(): Promise<void> {
    this.model.from = this.model.next
    await this.journal.removeBefore(this.model.from).catch(() => {})
  }

  /** Opens what is there; with a disk that fails, as often as it takes. */
  async restart(after: 'close' | 'kill' | 'crash'): Promise<void> {
    if (after === 'crash') this.disk.crash()
    else this.disk.kill()
    this.#lives++
    while ((await this.#opened()) === undefined) {
      this.disk.faults.length = 0
      this.disk.broken = undefined
    }
    const { model } = this
    assert.equal(this.journal.next, model.from)
    const found = model.from + this.journal.unread - model.committed.length
    assert.ok(found >= 0 && found <= model.open.length, `${found} of ${model.open.length} open entries came back`)
    model.committed.push(...model.open.slice(0, found))
    model.open = []
    model.next = model.from
  }

  async #opened(): Promise<Journal | undefined> {
    const life = this.#lives
    this.#clock = new FakeClock()
    const { disk, model } = this
    try {
      this.#journal = await Journal.open(
        {
          disk,
          folder: FOLDER,
          clock: this.#clock,
          segmentBytes: SEGMENT_BYTES,
          maxBytes: 1 << 30,
          memoryBytes: MEMORY_BYTES,
          series: new SeriesTable(),
          onCommitted: entry => {
            if (life !== this.#lives) return
            const told = entry - model.committed.length
            assert.ok(told > 0 && told <= model.open.length)
            model.committed.push(...model.open.splice(0, told))
          },
          onFailed: () => {
            if (life === this.#lives) model.open = []
          }
        },
        model.from
      )
      return this.#journal
    } catch (error) {
      assert.ok(!(error instanceof WeirError), error as Error)
      return undefined
    }
  }
}

type Step =
  | { readonly do: 'append'; readonly count: number }
  | { readonly do: 'settle'; readonly turns: number }
  | { readonly do: 'read'; readonly count: number }
  | { readonly do: 'remove' | 'crash' | 'kill' | 'reopen' | 'heal' }
  | { readonly do: 'fail'; readonly after: number; readonly fault: Fault; readonly forGood: boolean }

/** A step as fast-check runs and shows it. */
class Command implements fc.AsyncCommand<Model, Subject> {
  readonly step: Step
  #names: () => string

  constructor(step: Step, names: () => string) {
    this.step = step
    this.#names = names
  }

  check(): boolean {
    return true
  }

  async run(_: Model, subject: Subject): Promise<void> {
    const { step } = this
    if (step.do === 'append') for (let i = 0; i < step.count; i++) subject.append(this.#names())
    else if (step.do === 'settle') await subject.settle(step.turns)
    else if (step.do === 'read') await subject.read(step.count)
    else if (step.do === 'remove') await subject.removeBefore()
    else if (step.do === 'crash' || step.do === 'kill') await subject.restart(step.do)
    else if (step.do === 'heal') {
      subject.disk.faults.length = 0
      subject.disk.broken = undefined
    } else if (step.do === 'reopen') {
      await subject.journal.close()
      await subject.restart('close')
    } else if (step.do === 'fail') this.#fail(subject.disk, step)
  }

  toString(): string {
    return JSON.stringify(this.step)
  }

  #fail(disk: SimulatedDisk, { after, fault, forGood }: Extract<Step, { do: 'fail' }>): void {
    if (forGood) disk.broken = fault
    else disk.faults.push(...new Array<undefined>(after).fill(undefined), fault)
  }
}

const fault: fc.Arbitrary<Fault> = fc.record({
  code: fc.constantFrom('ENOSPC', 'EIO'),
  when: fc.constantFrom('before', 'after')
})
const STEPS: fc.Arbitrary<Step>[] = [
  fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ do: fc.constant('settle' as const), turns: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ do: fc.constant('read' as const), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({
    do: fc.constantFrom('remove' as const, 'crash' as const, 'kill' as const, 'reopen' as const, 'heal' as const)
  }),
  fc.record({
    do: fc.constant('fail' as const),
    after: fc.nat(8),
    fault,
    forGood: fc.constantFrom(false, false, false, true)
  })
]

test('committed entries are read once and in order, through crashes and failures; failed ones never come back', async () => {
  let names = 0
  const commands = STEPS.map(step => step.map(made => new Command(made, () => `e${names++}`)))
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 40, size: 'max' }), fc.integer(), async (steps, seed) => {
      const model: Model = { committed: [], open: [], next: 0, from: 0 }
      const subject = new Subject(new SimulatedDisk(randomFrom(seed)), model)
      await subject.restart('close')
      await fc.asyncModelRun(() => ({ model, real: subject }), steps)
      subject.disk.faults.length = 0
      subject.disk.broken = undefined
      await subject.settle(60)
      assert.deepEqual(model.open, [], 'everybody was told')
      await subject.read(model.committed.length)
      assert.equal(model.next, model.committed.length, 'all was read')
      await subject.restart('crash')
      await subject.read(model.committed.length)
      assert.equal(model.next, model.committed.length, 'all was read again')
    }),
    { numRuns: Number(process.env.RUNS ?? 300) }
  )
})
