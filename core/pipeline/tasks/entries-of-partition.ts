import type { NumberedEntry } from '../../journal/reader.ts'
import type { PartitionEntries } from '../../plugin/tasks.ts'
import type { Account } from '../../telemetry/account.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { Component } from '../graph/component.ts'
import type { EntryLog } from '../ingest/entry-forwarder.ts'

/** A partition, as a log of entries of its receiver. */
export class EntriesOfPartition implements EntryLog {
  readonly #entries: PartitionEntries
  readonly #receiver: Component
  readonly #account: Account
  readonly #clock: Clock
  #next: number

  /** @param account books the items as received and in flight */
  constructor(entries: PartitionEntries, next: number, receiver: Component, account: Account, clock: Clock) {
    this.#entries = entries
    this.#next = next
    this.#receiver = receiver
    this.#account = account
    this.#clock = clock
  }

  get next(): number {
    return this.#next
  }

  get unread(): number {
    return this.#entries.unread
  }

  readFromMemory(): NumberedEntry | undefined {
    const read = this.#entries.read()
    if (read === undefined) return undefined
    const { number, time, block, request } = read
    this.#next = number + 1
    if (block === undefined) return { number, entry: { kind: 'tick', time } }
    this.#account.book(block, items => {
      this.#account.received += items
      this.#account.inFlight += items
    })
    this.#receiver.edges.sent.timed(block, this.#clock.now())
    return { number, entry: { kind: 'data', time, source: this.#receiver.id, request, block } }
  }

  async read(): Promise<undefined> {}
}
