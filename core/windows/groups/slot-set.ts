/** A set of slots, all below a number. */
export class SlotSet {
  /** In the order in which they were added. */
  readonly slots: number[] = []
  /** By slot: 1 if it is in the set. */
  readonly #flags: Uint8Array

  /** @param length all slots are below this */
  constructor(length: number) {
    this.#flags = new Uint8Array(length)
  }

  /** Adds a slot that is not in the set. */
  add(slot: number): void {
    this.#flags[slot] = 1
    this.slots.push(slot)
  }

  has(slot: number): boolean {
    return this.#flags[slot] === 1
  }
}
