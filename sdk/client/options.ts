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
  /** Address of Weir's `otlp` receiver, such as `http://127.0.0.1:4318`. */
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

export function settingsOf(
  { onDiagnostic = warnOnConsole(), ...options }: ClientOptions,
  defaults: { interval: number; maxQueueBytes: number }
): Settings {
  const settings: Settings = {
    endpoint: '',
    resource: {},
    headers: {},
    maxSeries: 10_000,
    maxEventsPerSecond: Infinity,
    sampling: {},
    ...defaults,
    diagnose(diagnostic) {
      try {
        onDiagnostic(diagnostic)
      } catch {
        // The application's own trouble must not become the caller's.
      }
    }
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const { interval } = Object.assign(settings, Object.fromEntries(given))
  if (interval > 0 && WINDOW_MS % interval === 0) return settings
  settings.diagnose({ code: 'misuse', message: `interval ${interval}: no divisor of ${WINDOW_MS}`, items: 1 })
  return { ...settings, interval: defaults.interval }
}
