import type { KeyBytes } from './key-records.ts'
import { NO_VIEW } from './record-pages.ts'

/** A key in the memory of its table. */
export interface StoredKey extends KeyBytes {
  readonly parent: number
}

/** A stored key that becomes another one: an object for the key of each sample would keep the garbage collector busy. */
export class KeyCursor implements StoredKey {
  parent = 0
  view: DataView = NO_VIEW
  start = 0
  end = 0
}
