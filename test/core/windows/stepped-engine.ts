import { WindowEngine } from '../../../core/windows/engine.ts'
import type { RuleSettings } from '../../../core/windows/settings.ts'
import { type Block, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { EPOCH, settingsOf, WindowHarness } from './harness.ts'

const METRIC = { name: 'hits', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const

/** An engine whose emissions take their next steps when it is told so. */
export class SteppedEngine extends WindowHarness {
  #steps: (() => boolean)[] = []

  static async start(...rules: readonly RuleSettings[]): Promise<SteppedEngine> {
    const context = testContext('windows')
    const engine = new SteppedEngine(() => new WindowEngine(settingsOf(...rules), context), context)
    context.inSteps = step => void engine.#steps.push(step)
    await engine.start()
    return engine
  }

  get isEmitting(): boolean {
    return this.#steps.length > 0
  }

  /** False if the emission is done. */
  step(): boolean {
    this.#steps = this.#steps.filter(step => step())
    return this.isEmitting
  }

  /** One point for each group; `at` in seconds after the epoch. */
  fill(groups: number, at: number): Block {
    const { series } = this.context
    const builder = new PointBlockBuilder(groups)
    for (let i = 0; i < groups; i++) builder.addId(series, series.idOf(METRIC, [['i', `${i}`]]), EPOCH + at * 1000, 1)
    return builder.build()
  }

  get lines(): string[] {
    return this.outputs.map(({ series, at, value }) => `${series} ${at} ${value}`)
  }
}
