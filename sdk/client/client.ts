import type { Attributes } from './any-value.ts'

/** Items are data points and events. */
export interface Closed {
  /** Items that were not taken by the deadline. */
  readonly unsent: number
  /** Items that the server refused, alone or with their request. */
  readonly refused: number
  /** Events and members of sets that were left out because of a limit. */
  readonly dropped: number
}

/** Records what an application does. No method throws, and none waits but {@link flush} and {@link close}. */
export interface Client {
  /** Adds `n` to a counter. @param n 1 by default, at least 0 */
  count(name: string, n?: number, attributes?: Attributes): void

  /** Sets a gauge. The last value of an interval is sent. */
  gauge(name: string, value: number, attributes?: Attributes): void

  /** Adds a value to a histogram whose quantiles are off by 1 % at most. @param value at least 0 @param unit `ms` by default */
  timing(name: string, value: number, attributes?: Attributes, unit?: string): void

  /** Adds a member to a set, such as the id of a user: Weir counts how many different ones there are. */
  unique(name: string, member: string | number, attributes?: Attributes): void

  /** Records an event, which is sent by itself. Attributes may be lists and objects. */
  event(name: string, attributes?: Attributes): void

  /** Resolves once everything that was recorded before is taken, or refused for good. */
  flush(): Promise<void>

  /** Sends everything, and gives up after `deadline` milliseconds, 5,000 by default. Nothing can be recorded any more. */
  close(options?: { readonly deadline?: number }): Promise<Closed>
}
