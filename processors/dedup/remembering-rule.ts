import { Murmur3 } from '../../core/model/sketch/murmur3.ts'
import { formatDuration } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { Memory, type SavedMemory } from './memory.ts'

/** The common part of rules that remember fingerprints for a window of time: all but those that read numbers. */
export abstract class RememberingRule {
  readonly key = new Uint32Array(4)
  lateness = 0
  protected readonly memory: Memory
  /** How long something is remembered, as in the configuration. */
  protected readonly window: string
  protected readonly hash = new Murmur3()

  constructor(config: Config) {
    this.memory = new Memory(config)
    this.window = formatDuration(config.window)
  }

  get size(): number {
    return this.memory.size
  }
  get bytes(): number {
    return this.memory.bytes
  }
  get evicted(): number {
    return this.memory.evicted
  }

  remove(keys: Uint32Array, at: number, serial: number): void {
    this.memory.remove(keys, at, serial)
  }

  save(): unknown {
    return this.memory.save()
  }

  restore(saved: unknown): void {
    this.memory.restore(saved as SavedMemory)
  }
}
