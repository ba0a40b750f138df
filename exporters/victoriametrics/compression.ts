import type { Context } from '../../sdk/plugin/index.ts'

/** Values of the option `compression`. */
export const COMPRESSIONS = ['auto', 'snappy'] as const
export type Compression = (typeof COMPRESSIONS)[number]
export type Codec = 'zstd' | 'snappy'

// A backend is rarely replaced, and each new trial costs it a request that it refuses.
const SNAPPY_FOR_MS = 24 * 3_600_000
/** Answers of a backend that does not know an encoding. VictoriaMetrics' own agent goes by the same two. */
const UNKNOWN_ENCODING: readonly number[] = [400, 415]
/** Answers of a backend, or of a proxy before it, that did not look at the request. */
const UNAVAILABLE: readonly number[] = [429, 502, 503, 504]

/**
 * The codec for the next request: zstd. If a backend refuses a request, but takes it compressed by snappy, the codec is
 * snappy for a day.
 */
export class CompressionChoice {
  #compression: Compression
  #context: Pick<Context, 'clock' | 'log'>
  #isZstdTaken = false
  /** Unix ms */
  #snappyUntil = 0
  #isLogged = false

  constructor(compression: Compression, context: Pick<Context, 'clock' | 'log'>) {
    this.#compression = compression
    this.#context = context
  }

  get codec(): Codec {
    if (this.#compression === 'snappy') return 'snappy'
    return this.#context.clock.now() < this.#snappyUntil ? 'snappy' : 'zstd'
  }

  /**
   * True if a request compressed by zstd should go again with snappy at once. As long as the backend has taken no zstd,
   * any answer may be about it: some servers answer 500 to a body that they cannot decompress.
   */
  shouldTrySnappy(status: number): boolean {
    if (UNKNOWN_ENCODING.includes(status)) return true
    return !this.#isZstdTaken && !UNAVAILABLE.includes(status)
  }

  /** The backend took a request compressed by zstd. */
  zstdTaken(): void {
    this.#isZstdTaken = true
  }

  /** The backend answered `refusal` to a request compressed by zstd, and then took it compressed by snappy. */
  snappyTaken(refusal: string): void {
    const { clock, log } = this.#context
    this.#isZstdTaken = false
    this.#snappyUntil = clock.now() + SNAPPY_FOR_MS
    if (this.#isLogged) return
    this.#isLogged = true
    log.info({ answer: refusal }, 'the backend refuses zstd: requests are compressed by snappy')
  }
}
