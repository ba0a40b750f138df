/** An OTLP KeyValue, of the kinds used here. */
export interface KeyValue {
  readonly key: string
  readonly value: object
}

/** The place of a request among those of its client. */
export interface Place {
  /** Unique among all clients. */
  readonly key: string
  readonly attributes: readonly KeyValue[]
}

/** Text of 128 random bits. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')
}

/** Numbers of a client of one signal, with a random id. Its epoch is now. Each call is the next number. */
export function placesOf(suffix: string): () => Place {
  const id = `${randomId()}-${suffix}`
  const epoch = Date.now()
  let seq = 0
  return () => {
    seq++
    const attributes = Object.entries({ id, epoch, seq }).map(([key, value]) => ({
      key: `weir.client.${key}`,
      value: { [value === id ? 'stringValue' : 'intValue']: String(value) }
    }))
    return { key: `${id}/${seq}`, attributes }
  }
}
