import type { KeyHash, Secrets } from './key-hash.ts'
import { KeyIds } from './key-ids.ts'
import { KeyRecords } from './key-records.ts'
import { firstSlot, KeySlots, nextSlot } from './key-slots.ts'
import { HEADER, ID, IN_PAGE, LENGTH, NEXT, NO_RECORD, PAGE_BITS, PARENT, SEEN } from './record-layout.ts'

/** The parts of a table of keys, and what concerns several of them. */
export class KeyStore {
  /** The number that ids found from now on were seen in. */
  epoch = 1
  /** The record found last. */
  last = NO_RECORD
  readonly records = new KeyRecords()
  readonly slots = new KeySlots()
  readonly ids = new KeyIds()
  readonly secrets: Secrets
  readonly hash: KeyHash

  constructor(secrets: Secrets, hash: KeyHash) {
    this.secrets = secrets
    this.hash = hash
  }

  hashOf(parent: number, view: DataView, start: number, end: number): number {
    return this.hash(this.secrets, parent, view, start, end)
  }

  hashOfRecord(record: number): number {
    const { records } = this
    const start = ((record & IN_PAGE) + HEADER) * 4
    const end = start + records.get(record, LENGTH)
    return this.hashOf(records.get(record, PARENT), records.views[record >>> PAGE_BITS], start, end)
  }

  /** The record of a key, or {@link NO_RECORD}. */
  lookUp(hash: number, parent: number, view: DataView, start: number, end: number): number {
    const slots = this.slots.shardOf(hash)
    for (let at = firstSlot(slots, hash); slots[at + 1] !== NO_RECORD; at = nextSlot(slots, at))
      if (slots[at] === hash && this.records.matches(slots[at + 1], parent, view, start, end)) return slots[at + 1]
    return NO_RECORD
  }

  /** Called with each record that is found. Returns its id. */
  found(record: number): number {
    const words = this.records.pages[record >>> PAGE_BITS]
    const at = record & IN_PAGE
    this.last = record
    if (words[at + SEEN] !== this.epoch) {
      words[at + SEEN] = this.epoch
      this.see(words[at + ID])
    }
    return words[at + ID]
  }

  /** The id counts as seen. */
  see(id: number): void {
    this.records.set(this.ids.firstRecord(id), SEEN, this.epoch)
  }

  /** Moves a record behind the one that was moved before it. Returns its new name. */
  move(record: number): number {
    const { records, ids } = this
    const moved = records.copy(record)
    this.slots.replace(this.hashOfRecord(record), record, moved)
    const id = records.get(record, ID)
    let other = ids.firstRecord(id)
    if (other === record) ids.records.set(id, moved)
    else {
      while (records.get(other, NEXT) !== record) other = records.get(other, NEXT)
      records.set(other, NEXT, moved)
    }
    if (this.last === record) this.last = moved
    records.remove(record)
    return moved
  }
}
