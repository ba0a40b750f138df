import { type Context, openState, type Receiver, sealState } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import type { SavedGauge } from './gauges.ts'
import { StatsdReceiver } from './receiver.ts'

const SNAPSHOT_VERSION = 1

/**
 * A receiver whose gauges are part of checkpoints. A class of its own, for a receiver with a snapshot cannot run in a
 * worker.
 */
export class RememberingStatsdReceiver extends StatsdReceiver {
  snapshot(): Uint8Array {
    return sealState(SNAPSHOT_VERSION, this.gauges.save())
  }

  restore(state: Uint8Array): void {
    this.gauges.restore(openState(SNAPSHOT_VERSION, state) as SavedGauge[])
  }
}

/** The receiver of a configuration. */
export function receiverOf(config: Config, context: Context): Receiver {
  if (!config.remember_gauges) return new StatsdReceiver(config, context)
  // Behind a journal there are checkpoints, and receivers are part of them. `state_dir` is written at a clean stop only.
  if (context.replayed) return new RememberingStatsdReceiver(config, context)
  context.log.warn('remember_gauges has no effect: it needs service.journal, and a Weir without service.workers')
  return new StatsdReceiver(config, context)
}
