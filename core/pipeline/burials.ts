import type { Logger } from 'pino'
import { describeError } from '../errors.ts'
import type { DeadLetters } from '../journal/dead-letters.ts'
import type { DataEntry } from '../journal/entry.ts'
import { type Clock, sleep } from '../telemetry/clock.ts'

const RETRY_MS = 1000

interface BurialsHost {
  readonly deadLetters: DeadLetters | undefined
  readonly clock: Clock
  readonly log: Logger
}

/** Batches over which a processor failed though they were acknowledged, on their way to the dead letters. */
export class Burials {
  #host: BurialsHost
  #running = new Set<Promise<void>>()
  #isOver = false
  /** Some were given up: only the journal has them. */
  areUnfinished = false

  constructor(host: BurialsHost) {
    this.#host = host
  }

  /** Kept under its number: processed again after a crash, it is the same letter. Tried until it is on disk. */
  add(number: number, { time, source, request, block }: DataEntry, error: Error): void {
    const { deadLetters, clock, log } = this.#host
    if (deadLetters === undefined) return
    const reason = { reason: 'processor_failed', error: describeError(error) }
    const letter = { ...reason, time, id: source, request, block, kind: 'receiver', key: `entry${number}` } as const
    const bury = async (): Promise<void> => {
      for (;;) {
        try {
          return await deadLetters.put(letter)
        } catch (failure) {
          log.error({ err: describeError(failure) }, 'cannot write a dead letter; the journal keeps growing meanwhile')
          this.areUnfinished = this.#isOver
          if (this.#isOver) return
          await sleep(clock, RETRY_MS)
        }
      }
    }
    const burial = bury().finally(() => this.#running.delete(burial))
    this.#running.add(burial)
  }

  /** What cannot be written now is not tried again. */
  giveUp(): void {
    this.#isOver = true
  }

  /** Resolves when all are on disk, or given up. */
  async done(): Promise<void> {
    await Promise.all(this.#running)
  }
}
