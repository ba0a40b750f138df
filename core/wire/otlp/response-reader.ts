import { lengthTag, ProtobufReader, varintTag } from '../protobuf/reader.ts'
import type { PartialSuccess } from './response.ts'

// Messages as in response.ts. google.rpc.Status: message 2, details 3 (Any: type_url 1, value 2). RetryInfo: retry_delay 1
// (Duration: seconds 1, nanos 2).
const NUMBER = varintTag(1)
const NANOS = varintTag(2)
const FIRST = lengthTag(1)
const SECOND = lengthTag(2)
const DETAILS = lengthTag(3)
const RETRY_INFO = 'google.rpc.RetryInfo'

/** The partial success of an Export…ServiceResponse. Undefined if all was taken, or if it cannot be read. */
export function readPartialSuccess(answer: Uint8Array): PartialSuccess | undefined {
  return readable(answer, reader => {
    let partial: PartialSuccess | undefined
    eachField(reader, tag => {
      if (tag !== FIRST) return false
      inside(reader, () => (partial = readNumberAndText(reader)))
      return true
    })
    return partial
  })
}

/** The message of a google.rpc.Status. Undefined if it is none. */
export function readStatusMessage(status: Uint8Array): string | undefined {
  return readable(status, reader => readNumberAndText(reader).message)
}

/** The delay of the RetryInfo in a google.rpc.Status, in ms. Undefined if it has none. */
export function readRetryDelay(status: Uint8Array): number | undefined {
  return readable(status, reader => {
    let delay: number | undefined
    eachField(reader, tag => {
      if (tag !== DETAILS) return false
      inside(reader, () => (delay = readAny(reader) ?? delay))
      return true
    })
    return delay
  })
}

function readAny(reader: ProtobufReader): number | undefined {
  let type = ''
  let value = Buffer.alloc(0)
  eachField(reader, tag => {
    if (tag === FIRST) type = reader.text()
    else if (tag === SECOND) value = reader.blob() as Buffer<ArrayBuffer>
    else return false
    return true
  })
  if (!type.endsWith(`/${RETRY_INFO}`)) return undefined
  let ms = 0
  const inner = new ProtobufReader(value)
  const addDuration = () =>
    eachField(inner, tag => {
      if (tag === NUMBER) ms += inner.varint() * 1000
      else if (tag === NANOS) ms += inner.varint() / 1e6
      else return false
      return true
    })
  eachField(inner, tag => {
    if (tag !== FIRST) return false
    inside(inner, addDuration)
    return true
  })
  return ms
}

function readNumberAndText(reader: ProtobufReader): PartialSuccess {
  let rejected = 0
  let message = ''
  eachField(reader, tag => {
    if (tag === NUMBER) rejected = reader.varint()
    else if (tag === SECOND) message = reader.text()
    else return false
    return true
  })
  return { rejected, message }
}

/** @param read true if it has read the field */
function eachField(reader: ProtobufReader, read: (tag: number) => boolean): void {
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (!read(tag)) reader.skip(tag)
  }
}

function inside(reader: ProtobufReader, read: () => void): void {
  const outer = reader.enter()
  read()
  reader.leave(outer)
}

/** A server's answer may be anything. */
function readable<T>(bytes: Uint8Array, read: (reader: ProtobufReader) => T): T | undefined {
  try {
    return read(new ProtobufReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)))
  } catch {
    return undefined
  }
}
