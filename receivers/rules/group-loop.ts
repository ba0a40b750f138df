import { createHash } from 'node:crypto'
import { GroupEvaluation, type RulesHost } from '../../core/rules/group-evaluation.ts'
import type { RuleGroup } from '../../core/rules/rule-group.ts'
import type { RuleSample } from '../../core/rules/samples.ts'
import type { Context } from '../../sdk/plugin/index.ts'

/** What a loop is told to do, and tells. */
export interface LoopEvents {
  /** Samples of one evaluation, or the ends of series. */
  emit(samples: readonly RuleSample[]): void
  /** After each evaluation: alerts may have changed. */
  evaluated(loop: GroupLoop, now: number): void
  missed(evaluations: number): void
}

interface LoopOptions {
  /** ms; of groups that set none. */
  readonly intervalMs: number
  readonly queryOffsetMs: number
}

/**
 * Evaluates one group at the multiples of its interval, shifted by a part of it that depends on its name, so that groups
 * do not all run at once. An evaluation that takes longer than the interval makes the next ones be missed, not late.
 */
export class GroupLoop {
  readonly evaluation: GroupEvaluation
  readonly intervalMs: number
  readonly #queryOffsetMs: number
  readonly #phaseMs: number
  readonly #clock: Context['clock']
  readonly #events: LoopEvents
  #cancelTimer = () => {}
  #isStopped = false

  constructor(group: RuleGroup, options: LoopOptions, host: RulesHost, clock: Context['clock'], events: LoopEvents) {
    this.evaluation = new GroupEvaluation(group, host)
    this.intervalMs = group.intervalMs || options.intervalMs
    this.#queryOffsetMs = group.queryOffsetMs ?? options.queryOffsetMs
    this.#phaseMs = phaseOf(group, this.intervalMs)
    this.#clock = clock
    this.#events = events
  }

  start(): void {
    this.#schedule(this.#next(this.#clock.now()))
  }

  /** Emits nothing any more. An evaluation that runs is not waited for. */
  stop(): void {
    this.#isStopped = true
    this.#cancelTimer()
  }

  /** Ends the series of a group that is gone. */
  end(): void {
    this.stop()
    this.#events.emit(this.evaluation.end(this.#clock.now() - this.#queryOffsetMs))
  }

  #schedule(time: number): void {
    this.#cancelTimer = this.#clock.setTimer(Math.max(0, time - this.#clock.now()), () => void this.#evaluate(time))
  }

  async #evaluate(time: number): Promise<void> {
    const samples = await this.evaluation.evaluate(time, this.#queryOffsetMs)
    if (this.#isStopped) return
    this.#events.emit(samples)
    this.#events.evaluated(this, time)
    const next = this.#next(Math.max(time, this.#clock.now() - 1))
    const missed = Math.round((next - time) / this.intervalMs) - 1
    if (missed > 0) this.#events.missed(missed)
    this.#schedule(next)
  }

  /** The first time of an evaluation after `time`. */
  #next(time: number): number {
    return (Math.floor((time - this.#phaseMs) / this.intervalMs) + 1) * this.intervalMs + this.#phaseMs
  }
}

function phaseOf({ file, name }: RuleGroup, intervalMs: number): number {
  return createHash('sha256').update(`${file};${name}`).digest().readUInt32LE() % intervalMs
}
