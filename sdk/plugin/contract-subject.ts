import type { Lifecycle, Plugin } from '../../core/plugin/contract.ts'
import type { ContractOptions } from '../../core/plugin/contract-rule.ts'
import type { Inspectable } from '../../core/plugin/inspection.ts'
import { NOW } from './sample-blocks.ts'
import { FakeClock, type TestContext, testConfig, testContext } from './testing.ts'

const TIMEOUT_MS = 10_000

/** The subjects of a rule of the contract. */
export interface Subjects {
  readonly plugin: Plugin
  readonly options: ContractOptions
  readonly context: CountingContext
  readonly instance: Lifecycle & Inspectable
}
export type CountingContext = TestContext & { readonly clock: CountingClock }

/** Knows whether timers are set. */
class CountingClock extends FakeClock {
  timersSet = 0

  override setTimer(ms: number, run: () => void): () => void {
    this.timersSet++
    return super.setTimer(ms, run)
  }
}

/** Another of the same. */
export function make(plugin: Plugin, { config }: ContractOptions) {
  const context = testContext(plugin.type, new CountingClock(NOW)) as CountingContext
  return { context, instance: plugin.create(testConfig(plugin, config), context) as Lifecycle & Inspectable }
}

export const stop = (instance: Lifecycle) => within('stop', instance.stop?.(signal()))
export const signal = () => AbortSignal.timeout(TIMEOUT_MS)

/** Rejects if `done` takes too long. */
export async function within<T>(what: string, done: Promise<T> | undefined, ms = TIMEOUT_MS): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`${what} did not end within ${ms} ms`)), ms)
  try {
    return (await Promise.race([done, late])) as T
  } finally {
    clearTimeout(timer)
  }
}
