import { Batch, type Origin, type Outcome } from '../../core/batch/batch.ts'
import { applySchema } from '../../core/config/schema.ts'
import type { Plugin } from '../../core/plugin/contract.ts'

export { Batch } from '../../core/batch/batch.ts'
export { ExporterHarness } from './exporter-harness.ts'
export { marbles } from './marbles.ts'
export { ProcessorHarness, type ProcessorHarnessOptions } from './processor-harness.ts'
export { ReceiverHarness, type ReceiverHarnessOptions } from './receiver-harness.ts'
export { FakeClock, type TestContext, testContext } from './test-context.ts'

/**
 * Validates `config` as the YAML loader would: defaults filled in, durations and sizes converted. Throws all problems.
 */
export function testConfig<C>(plugin: Plugin<C>, config: Record<string, unknown> = {}): C {
  const { value, errors } = applySchema(plugin.schema, config)
  if (errors.length > 0) throw new Error(errors.map(error => `${error.instancePath} ${error.message}`).join('; '))
  const problems = plugin.check?.(value as C) ?? []
  if (problems.length > 0)
    throw new Error(problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '))
  return value as C
}

/** A batch of `block` and the promise of its outcome. */
export function testBatch(
  block: Batch['block'],
  origin: Origin = { source: 'test' }
): { batch: Batch; settled: Promise<Outcome> } {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  return { batch: Batch.of(origin, block, resolve), settled: promise }
}
