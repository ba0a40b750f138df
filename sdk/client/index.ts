import type { Client } from './client.ts'
import { withoutCredentials } from './credentials.ts'
import { hold, post } from './node.ts'
import { type ClientOptions, settingsOf } from './options.ts'
import { Recorder } from './recorder.ts'
import { Sender } from './sender.ts'

const DEFAULTS = { interval: 2000, maxQueueBytes: 16 * 2 ** 20 }
const MAX_REQUEST_CHARACTERS = 2 ** 20

export type { Attributes } from './any-value.ts'
export type { Client, Closed } from './client.ts'
export type { Diagnostic } from './diagnostics.ts'
export type { ClientOptions, Sampling } from './options.ts'

/** A client for Node. It never throws, and does not keep the process alive: call `close` at the end. */
export function createClient(options: ClientOptions): Client {
  const settings = settingsOf(options, DEFAULTS)
  const address = withoutCredentials(settings.endpoint, settings.headers)
  return new Recorder(settings, new Sender({ ...settings, ...address, post, hold }), MAX_REQUEST_CHARACTERS)
}
