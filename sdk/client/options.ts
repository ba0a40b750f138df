import type { Attributes } from './any-value.ts'
import { type Diagnostic, warnOnConsole } from './diagnostics.ts'

/** Windows of 10 s are made of whole intervals. */
const WINDOW_MS = 10_000

export interface Sampling {
  /** Share of the events that are sent, above 0; each counts as 1 / `probability`. */
  readonly probability: number
  /** Events with the same value of this attribute are sent or left out together. */
  readonly attribute?: string
}

export interface ClientOptions {
  /** Of Weir's `otlp` receiver, such as `http://127.0.0.1:4318`. */
  readonly endpoint: string
  /** Attributes of all that is sent, such as `service.name`. */
  readonly resource?: Attributes
  /** Headers of every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds, a divisor of 10,000. By default 2,000, in browsers 5,000. */
  readonly interval?: number
  /** Counters of different attributes at a time; the same number of gauges, timings and sets. By default 10,000. */
  readonly maxSeries?: number
  /** Bytes of requests that wait; as many may events have that are not in a request yet. By default 16 MiB, in browsers 4 MiB. */
  readonly maxQueueBytes?: number
  /** By default there is no limit. */
  readonly maxEventsPerSecond?: number
  /** By the name of the event. */
  readonly sampling?: Readonly<Record<string, Sampling>>
  /** Called with everything that an operator should know. By default it is a warning on the console, of each kind once a minute. */
  readonly onDiagnostic?: (diagnostic: Diagnostic) => void
}

/** Options with their defaults. */
export interface Settings extends Required<Omit<ClientOptions, 'onDiagnostic'>> {
  /** Never throws. */
  diagnose(diagnostic: Diagnostic): void
}

export function settingsOf(options: ClientOptions, defaults: { interval: number; maxQueueBytes: number }): Settings {
  const { onDiagnostic = warnOnConsole(), ...others } = options
  const given = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined)) as typeof others
  const diagnose = (diagnostic: Diagnostic) => {
    try {
      onDiagnostic(diagnostic)
    } catch {
      // The application's own trouble must not become the caller's.
    }
  }
  const wanted = given.interval ?? defaults.interval
  const isDivisor = wanted > 0 && WINDOW_MS % wanted === 0
  if (!isDivisor) {
    const message = `interval ${wanted} is no divisor of ${WINDOW_MS} ms: ${defaults.interval} is taken`
    diagnose({ code: 'misuse', message, items: 0 })
  }
  const rest = { resource: {}, headers: {}, maxSeries: 10_000, maxEventsPerSecond: Infinity, sampling: {} }
  return { ...rest, ...defaults, ...given, interval: isDivisor ? wanted : defaults.interval, diagnose }
}
