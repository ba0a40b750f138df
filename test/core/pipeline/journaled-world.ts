import { FakeClock } from '../../../sdk/plugin/testing.ts'
import { SimulatedDisk } from '../journal/simulated-disk.ts'

/** `series@time` and value, as an exporter was given it. */
export type Sent = readonly [key: string, value: number]

/** A backend that may be away (`down`), refuse now (`refusing`) or for good (`rejecting`), or store and not answer (`mute`). */
export class TestBackend {
  state: 'up' | 'down' | 'refusing' | 'rejecting' | 'mute' = 'up'
  readonly sent: Sent[] = []
  /** What it refuses for good, with all that comes with it. */
  isPoison: (key: string) => boolean = () => false

  /** What it has, in the order in which it first came; checks that nothing of what `isWanted` ever came with two values. */
  stored(isWanted = (_key: string) => true): Map<string, number> {
    const stored = new Map<string, number>()
    for (const [key, value] of this.sent) {
      if (!isWanted(key)) continue
      const known = stored.get(key)
      if (known !== undefined && !Object.is(known, value)) throw new Error(`${key} came as ${known} and as ${value}`)
      stored.set(key, value)
    }
    return stored
  }
}

/** A clock that can be set, which timers do not notice. */
export class SettableClock extends FakeClock {
  offsetMs = 0

  override now(): number {
    return super.now() + this.offsetMs
  }

  override advance(ms: number): void {
    this.advanceTo(super.now() + ms)
  }
}

/** A disk that also keeps what is deleted, so that all of a journal can be read at the end. */
export class KeepingDisk extends SimulatedDisk {
  readonly removed = new Map<string, Buffer>()

  override remove(file: string): Promise<void> {
    if (file.endsWith('.journal')) this.removed.set(file, this.contents(file))
    return super.remove(file)
  }
}
