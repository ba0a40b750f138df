import type { Context } from '../../sdk/plugin/index.ts'

/** Own metrics of every mode. */
export function exposeMemory(instruments: Context['instruments'], size: () => number, bytes: () => number): void {
  instruments.gauge('entries', 'Ids, samples, requests, clients or clusters remembered.', size)
  instruments.gauge('state_bytes', 'Memory of the entries.', bytes)
}
