import { DefaultDeserializer, DefaultSerializer } from 'node:v8'
import type { Stepwise } from './stepwise.ts'

/** Small objects, such as a resource with its attributes, take V8 a microsecond or two each. */
const VALUES_PER_STEP = 256

/** A long list as bytes, for a state that is written in steps: how many pieces, and each as V8 serializes it. */
export function* packList(values: readonly unknown[]): Stepwise<Uint8Array> {
  const serializer = new DefaultSerializer()
  serializer.writeHeader()
  serializer.writeUint32(Math.ceil(values.length / VALUES_PER_STEP))
  for (let from = 0; from < values.length; from += VALUES_PER_STEP) {
    serializer.writeValue(values.slice(from, from + VALUES_PER_STEP))
    yield
  }
  return serializer.releaseBuffer()
}

/** The list that {@link packList} was given. */
export function unpackList<T>(bytes: Uint8Array): T[] {
  const deserializer = new DefaultDeserializer(bytes)
  deserializer.readHeader()
  const pieces: T[][] = []
  for (let left = deserializer.readUint32(); left > 0; left--) pieces.push(deserializer.readValue())
  return pieces.flat()
}
