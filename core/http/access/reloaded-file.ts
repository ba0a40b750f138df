import { readFileSync, statSync } from 'node:fs'
import type { Logger } from 'pino'
import { describeError, WeirError } from '../../errors.ts'
import type { Clock } from '../../telemetry/clock.ts'

/** A change of the file is noticed within this time. */
export const LOOK_MS = 5000

interface ReloadHost {
  readonly clock: Clock
  readonly log: Logger
}

/**
 * A file of secrets or keys, which may be replaced while Weir runs. Whoever asks for its content gets that of some
 * seconds ago at most. While it cannot be read, or makes no sense, the content from before stays.
 */
export class ReloadedFile<T> {
  readonly #path: string
  readonly #parse: (text: string) => T
  readonly #host: ReloadHost
  #value: T
  #version: string
  #lookedAt: number

  /** Throws `CONFIG_INVALID`. @param parse may throw: its message goes on after the file's name */
  constructor(path: string, parse: (text: string) => T, host: ReloadHost) {
    this.#path = path
    this.#parse = parse
    this.#host = host
    this.#lookedAt = host.clock.now()
    try {
      this.#version = versionOf(path)
      this.#value = parse(readFileSync(path, 'utf8'))
    } catch (cause) {
      throw new WeirError('CONFIG_INVALID', `${path}: ${describeError(cause)}`, { cause })
    }
  }

  get value(): T {
    const now = this.#host.clock.now()
    if (now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now
      this.#look()
    }
    return this.#value
  }

  #look(): void {
    try {
      const version = versionOf(this.#path)
      if (version === this.#version) return
      this.#value = this.#parse(readFileSync(this.#path, 'utf8'))
      this.#version = version
      this.#host.log.info({ file: this.#path }, 'a file has changed and was read again')
    } catch (error) {
      this.#host.log.error(
        { file: this.#path, err: describeError(error) },
        'cannot read a file that changed; its old content stays'
      )
    }
  }
}

/** Another one after each change, also if a link now points to another file, as in a Kubernetes secret. */
function versionOf(path: string): string {
  const { ino, mtimeMs, size } = statSync(path)
  return `${ino} ${mtimeMs} ${size}`
}
