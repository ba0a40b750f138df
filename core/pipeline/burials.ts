import type { Logger } from 'pino'
import { describeError } from '../errors.ts'
import { type DeadLetters, letterKey } from '../journal/dead-letters.ts'
import type { DataEntry } from '../journal/entry.ts'
import { blockBytes } from '../model/block.ts'
import { type Clock, sleep } from '../telemetry/clock.ts'

const RETRY_MS = 1000
/** What may wait for the dead letters, which may be full, before nothing more is handed on. */
const MOST_WAITING_BYTES = 64 * 2 ** 20

interface BurialsHost {
  readonly deadLetters: DeadLetters | undefined
  readonly clock: Clock
  readonly log: Logger
}

/**
 * What entries of the journal mean for the dead letters: a batch over which a processor failed though it was acknowledged
 * is put there, and a letter is taken away once it is an entry. Both are tried until the disk has done it.
 */
export class Burials {
  #host: BurialsHost
  #running = new Set<Promise<void>>()
  /** Letters that are entries, by their keys: processed again after a crash, what failed must not become one again. */
  #delivered = new Set<string>()
  #waitingBytes = 0
  /** The last of those that are to be written, one after the other: where one cannot be, the others need not try. */
  #lastPut: Promise<void> = Promise.resolve()
  #isOver = false
  /** Some were given up: only the journal has them. */
  areUnfinished = false

  constructor(host: BurialsHost) {
    this.#host = host
  }

  /** So much waits for the dead letters that nothing more may come. */
  get isBehind(): boolean {
    return this.#waitingBytes > MOST_WAITING_BYTES
  }

  /**
   * A processor failed over the entry, in these `pipelines` of its receiver (undefined: in all). It has its own key:
   * processed again after a crash, it is the same letter.
   */
  add(number: number, { time, source, request, block }: DataEntry, error: Error, pipelines?: readonly string[]): void {
    const { deadLetters } = this.#host
    if (deadLetters === undefined) return
    const key = letterKey(number, time)
    const reason = { reason: 'processor_failed', error: describeError(error) }
    const letter = { ...reason, time, id: source, request, pipelines, block, kind: 'receiver', key } as const
    const bytes = blockBytes(block)
    this.#waitingBytes += bytes
    const put = async () => {
      if (!this.#delivered.has(key)) await deadLetters.put(letter)
      // It may have been delivered meanwhile.
      if (this.#delivered.has(key)) await remove(deadLetters, key)
    }
    const before = this.#lastPut
    const putting = async () => {
      await before
      await this.#insist(put, 'cannot write a dead letter')
      this.#waitingBytes -= bytes
    }
    this.#lastPut = this.#keep(putting())
  }

  /** The letter was delivered: the entry is handed on. */
  delivered(key: string): void {
    const { deadLetters } = this.#host
    this.#delivered.add(key)
    if (deadLetters !== undefined)
      void this.#keep(this.#insist(() => remove(deadLetters, key), 'cannot remove a dead letter'))
  }

  /** No processor failed over the entry. Where one did before the crash, there is no need of its letter any more. */
  succeeded(number: number, { time }: DataEntry): void {
    const key = letterKey(number, time)
    if (this.#host.deadLetters?.numberOf(key) !== undefined) this.delivered(key)
  }

  /** What cannot be done now is not tried again. */
  giveUp(): void {
    this.#isOver = true
  }

  /** Resolves when all is done, or given up. */
  async done(): Promise<void> {
    await Promise.all(this.#running)
  }

  #keep(work: Promise<void>): Promise<void> {
    const running = work.finally(() => this.#running.delete(running))
    this.#running.add(running)
    return running
  }

  async #insist(work: () => Promise<void>, failed: string): Promise<void> {
    const { clock, log } = this.#host
    for (;;) {
      try {
        return await work()
      } catch (error) {
        log.error({ err: describeError(error) }, `${failed}; the journal keeps growing meanwhile`)
        this.areUnfinished = this.#isOver
        if (this.#isOver) return
        await sleep(clock, RETRY_MS)
      }
    }
  }
}

async function remove(letters: DeadLetters, key: string): Promise<void> {
  const number = letters.numberOf(key)
  if (number !== undefined) await letters.remove(number)
}
