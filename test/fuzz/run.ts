import { setTimeout } from 'node:timers/promises'
import { inspect } from 'node:util'
import { OtlpMetricsDecoder } from '../../core/wire/otlp/metrics-decoder.ts'
import type { Block, PointBlock, Processor, ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { ProcessorHarness, testConfig, testContext } from '../../sdk/plugin/testing.ts'
import { toProtobuf } from './otlp-proto.ts'
import { requestOf } from './requests.ts'
import type { SentPoint } from './traffic.ts'

/** How long each file of tests may take. */
export const SECONDS = Number(process.env.FUZZ_SECONDS ?? 7)
/** When Weir starts, Unix ms. */
export const NOW = 1_700_000_000_000
/** Longer than any window here stays open. */
const AFTERWARDS_MS = 200_000

/** What a processor makes of requests, a second apart, and its books at the end. */
export interface Processed {
  readonly input: PointBlock[]
  readonly output: PointBlock[]
  readonly account: { readonly imbalance: number; readonly inFlight: number }
  readonly dropped: ReadonlyMap<string, number>
  /** Batches that were neither taken nor refused for good. */
  readonly nacked: number
}

export function processed<C>(
  plugin: ProcessorPlugin<C>,
  config: Record<string, unknown>,
  requests: readonly (readonly SentPoint[])[]
): Promise<Processed> {
  return processedRequests(plugin, config, requests.map(requestOf))
}

/** @param requests as OTLP/JSON has them */
export async function processedRequests<C>(
  plugin: ProcessorPlugin<C>,
  config: Record<string, unknown>,
  requests: readonly object[]
): Promise<Processed> {
  const context = testContext()
  const decoder = new OtlpMetricsDecoder(context.series)
  const processor = plugin.create(testConfig(plugin, config), context) as Processor
  const harness = new ProcessorHarness(processor, context).open()
  await processor.start?.(AbortSignal.abort())
  const input: PointBlock[] = []
  let nacked = 0
  for (const request of requests) {
    context.clock.advance(1000)
    const { block } = decoder.decode(toProtobuf(request), context.clock.now())
    input.push(block)
    void harness.send(block).then(({ status }) => (nacked += status === 'nacked' ? 1 : 0))
  }
  await harness.advance(AFTERWARDS_MS)
  await harness.finish()
  await processor.stop?.(AbortSignal.abort())
  const { imbalance, inFlight, dropped } = context.account
  const output = harness.sent.map(({ block }) => block as Block).filter(block => block.type === 'points')
  return { input, output, account: { imbalance, inFlight }, dropped, nacked }
}

/** Points, each as a text, sorted. */
export function rowsOf({ length, series, time, start, value, flags, distributions }: PointBlock): string[] {
  return Array.from({ length }, (_, i) => {
    const numbers = [time[i], start[i], value[i], flags[i]].map(String)
    return `${series.at(i).key} ${numbers} ${inspect(distributions.get(i), { depth: 5, maxArrayLength: null })}`
  }).sort()
}

/** Rejects if `work` is not done in time. */
export async function within<T>(ms: number, work: Promise<T>, otherwise: string): Promise<T> {
  const over = new AbortController()
  const late = setTimeout(ms, undefined, { signal: over.signal }).then(() => {
    throw new Error(otherwise)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    over.abort()
    late.catch(() => {})
  }
}
