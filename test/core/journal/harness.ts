import type { Entry } from '../../../core/journal/entry.ts'
import { Journal, type JournalOptions } from '../../../core/journal/journal.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { FakeClock } from '../../../sdk/plugin/testing.ts'
import { namedEntry, nameOf } from './blocks.ts'
import type { SimulatedDisk } from './simulated-disk.ts'

export const FOLDER = '/journal'

/** A journal of named entries, and what became of them. */
export class TestJournal {
  readonly journal: Journal
  readonly clock: FakeClock
  readonly failures: Error[]

  private constructor(journal: Journal, clock: FakeClock, failures: Error[]) {
    this.journal = journal
    this.clock = clock
    this.failures = failures
  }

  static async open(disk: SimulatedDisk, options: Partial<JournalOptions> = {}, firstUnread = 0): Promise<TestJournal> {
    const clock = new FakeClock()
    const failures: Error[] = []
    const journal = await Journal.open(
      {
        disk,
        folder: FOLDER,
        clock,
        segmentBytes: 1 << 20,
        maxBytes: 1 << 30,
        series: new SeriesTable(),
        onCommitted() {},
        onFailed: error => void failures.push(error),
        ...options
      },
      firstUnread
    )
    return new TestJournal(journal, clock, failures)
  }

  /** Each in a commit of its own. */
  async append(...names: string[]): Promise<void> {
    for (const name of names) await this.appendEntry(namedEntry(name))
  }

  async appendEntry(entry: Entry): Promise<void> {
    const { unread } = this.journal
    this.journal.append(entry, 1)
    while (this.journal.unread === unread) {
      this.clock.advance(1)
      await turns(1)
    }
  }

  /** All it has, with their numbers checked. */
  async readAll(): Promise<string[]> {
    const names: string[] = []
    for (let number = this.journal.next; ; number++) {
      const next = await this.journal.read()
      if (next === undefined) return names
      if (next.number !== number) throw new Error(`entry ${number} was expected, ${next.number} came`)
      names.push(nameOf(next.entry))
    }
  }
}

/** Lets `count` turns of the event loop go by; most operations of a simulated disk take one. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}
