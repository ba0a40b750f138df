import type { Client } from '../client.ts'
import { type ClientOptions, settingsOf } from '../options.ts'
import { Recorder } from '../recorder.ts'
import { Sender } from '../sender.ts'
import { KEEPALIVE_BYTES, post } from './fetch.ts'
import { IndexedRequests, LEASE_MS } from './request-store.ts'

const DEFAULTS = { interval: 5000, maxQueueBytes: 4 * 2 ** 20 }
/** Half of what a page may leave behind, so that metrics and events both can. */
const MAX_REQUEST_CHARACTERS = KEEPALIVE_BYTES / 2
const DAY_MS = 86_400_000
/** Needs no preflight, for which a page that goes has no time. Weir takes it for JSON. */
const PLAIN = 'text/plain'

export type { Attributes } from '../any-value.ts'
export type { Client, Closed } from '../client.ts'
export type { Diagnostic } from '../diagnostics.ts'
export type { ClientOptions, Sampling } from '../options.ts'

export interface BrowserOptions extends ClientOptions {
  /** Milliseconds for which requests are kept while the server cannot be reached. By default a day. */
  readonly maxAge?: number
}

/**
 * A client for pages and service workers. It never throws. Requests are kept in IndexedDB until they are taken, and the
 * pages of an origin send those of pages that are gone.
 */
export function createClient({ maxAge = DAY_MS, ...options }: BrowserOptions): Client {
  const settings = settingsOf(options, DEFAULTS)
  const { endpoint, maxQueueBytes } = settings
  const store = new IndexedRequests(endpoint, { maxAgeMs: maxAge, maxBytes: maxQueueBytes })
  const sender = new Sender({ ...settings, post, store })
  const recorder = new Recorder(settings, sender, MAX_REQUEST_CHARACTERS)
  const adopt = async () => {
    if (sender.isClosed) return clearInterval(timer)
    const { requests, expired } = await store.adopt(sender)
    if (expired > 0) recorder.drop('expired', expired)
    sender.adopt(requests)
  }
  const timer = setInterval(adopt, LEASE_MS / 3)
  void adopt()
  const isForeign = () => new URL(endpoint, location.href).origin !== location.origin
  const leave = () => {
    recorder.enqueue()
    sender.rush(KEEPALIVE_BYTES, isForeign() ? PLAIN : undefined)
  }
  addEventListener('pagehide', leave)
  addEventListener('online', () => sender.wake())
  // Also when it becomes visible, which does no harm.
  globalThis.document?.addEventListener('visibilitychange', leave)
  return recorder
}
