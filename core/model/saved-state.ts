import { DefaultSerializer, deserialize } from 'node:v8'
import { crc32 } from 'node:zlib'

// Version (uint32 LE), CRC-32 of the rest (uint32 LE), the rest as V8 serializes it: its format is kept readable by later
// versions of Node.
const HEADER_BYTES = 8

/** Bytes of a snapshot. `state` is what V8 can serialize: plain objects, lists, maps, typed arrays. */
export function sealState(version: number, state: unknown): Uint8Array {
  // One buffer from the start: to copy a hundred megabytes costs as much as all the rest.
  const serializer = new DefaultSerializer()
  serializer.writeRawBytes(Buffer.alloc(HEADER_BYTES))
  serializer.writeHeader()
  serializer.writeValue(state)
  const sealed = serializer.releaseBuffer()
  sealed.writeUInt32LE(version)
  sealed.writeUInt32LE(crc32(sealed.subarray(HEADER_BYTES)), 4)
  return sealed
}

/** What {@link sealState} was given. Throws where the bytes are damaged or of another version. */
export function openState(version: number, bytes: Uint8Array): unknown {
  const sealed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (sealed.length < HEADER_BYTES) throw new Error(`it is damaged: it has ${sealed.length} bytes`)
  const seen = sealed.readUInt32LE()
  if (seen !== version) throw new Error(`it has version ${seen}, this Weir reads version ${version}`)
  const body = sealed.subarray(HEADER_BYTES)
  if (crc32(body) !== sealed.readUInt32LE(4)) throw new Error('it is damaged: its checksum is another')
  return deserialize(body)
}
