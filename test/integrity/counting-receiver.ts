import { setTimeout } from 'node:timers/promises'
import { systemClock } from '../../core/telemetry/clock.ts'
import plugin from '../../receivers/otlp/index.ts'
import { OtlpReceiver } from '../../receivers/otlp/receiver.ts'
import { testConfig, testContext } from '../../sdk/plugin/testing.ts'

/** Trouble that a receiver can have. */
export const TROUBLES = ['overload', 'restart', 'drain'] as const
export type Trouble = (typeof TROUBLES)[number]

/** A receiver that adds up values, with the ports of the one before it after a restart. */
export class CountingReceiver {
  received = 0
  /** Resolves with the first export. */
  readonly first = Promise.withResolvers<void>()
  /** Any at first, then those it has got. */
  #http = '127.0.0.1:0'
  #grpc = '127.0.0.1:0'
  #context = testContext('otlp')
  #receiver: OtlpReceiver | undefined

  /** `host:port` */
  addressOf(protocol: string): string {
    return protocol === 'grpc' ? this.#grpc : this.#http
  }

  async start(): Promise<void> {
    const protocols = { http: { endpoint: this.#http }, grpc: { endpoint: this.#grpc } }
    // Timeouts of clients are real.
    this.#context = { ...testContext('otlp'), clock: systemClock } as never
    this.#receiver = new OtlpReceiver(testConfig(plugin, { protocols }), this.#context)
    this.#receiver.batches$.subscribe(batch => {
      for (const value of batch.block.value) this.received += value
      batch.ack()
      this.first.resolve()
    })
    await this.#receiver.start()
    this.#http = this.#receiver.httpAddress!
    this.#grpc = this.#receiver.grpcAddress!
  }

  async stop(): Promise<void> {
    await this.#receiver?.stop(AbortSignal.timeout(1000))
  }

  /** No credits. */
  async overload(ms: number): Promise<void> {
    const { credits } = this.#context
    const permit = credits.tryTake(credits.capacity - credits.used)
    await setTimeout(ms)
    permit?.release()
  }

  /** Nobody listens. */
  async restart(ms: number): Promise<void> {
    const until = setTimeout(ms)
    await this.stop()
    await until
    await this.start()
  }

  /** It listens and refuses, as at the end of a process that still has data to deliver. */
  async drain(ms: number): Promise<void> {
    const until = setTimeout(ms)
    await this.#receiver?.drain(AbortSignal.timeout(1000))
    await until
    await this.stop()
    await this.start()
  }
}
