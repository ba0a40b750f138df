import plugin from '../../../processors/windowed_counter/index.ts'
import { type TestContext, testContext } from '../../../sdk/plugin/testing.ts'
import { WindowHarness } from '../../core/windows/harness.ts'
import { made } from '../../processor-under-test.ts'

export { EPOCH, type Output, type TestPoint } from '../../core/windows/harness.ts'

/** A windowed counter with a virtual clock, and all points that it emits. */
export class Harness extends WindowHarness {
  constructor(config: Record<string, unknown>, context: TestContext = testContext('windowed_counter')) {
    super(made(plugin, config), context)
  }
}
