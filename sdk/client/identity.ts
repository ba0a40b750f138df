/** An OTLP KeyValue, of the kinds used here. */
export interface KeyValue {
  readonly key: string
  readonly value: object
}

/** The place of a request among those of its client. */
export interface Place {
  /** Unique among all clients. */
  readonly key: string
  /** OTLP's KeyValues in JSON, with commas between them. */
  readonly text: string
  readonly attributes: readonly KeyValue[]
}

export interface Identity {
  /** The next number. */
  next(): Place
}

/** Text of 128 random bits. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')
}

/** A client of one signal, with a random id. Its epoch is now. */
export function identityOf(suffix: string): Identity {
  const id = `${randomId()}-${suffix}`
  const epoch = String(Date.now())
  let seq = 0
  return {
    next() {
      seq++
      const attributes = [
        { key: 'weir.client.id', value: { stringValue: id } },
        { key: 'weir.client.epoch', value: { intValue: epoch } },
        { key: 'weir.client.seq', value: { intValue: String(seq) } }
      ]
      return { key: `${id}/${seq}`, text: JSON.stringify(attributes).slice(1, -1), attributes }
    }
  }
}
