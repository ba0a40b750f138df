const ZSTD_MAGIC = 0xfd2fb528
/** By two bits of the descriptor. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4]
/** Of a magic number, the longest header, and the smallest block. */
const LEAST_BYTES = 18

/** Size of the first frame's content, if the frame says it: https://www.rfc-editor.org/rfc/rfc8878#name-frame-header */
export function zstdContentSize(bytes: Buffer): number | undefined {
  if (bytes.length < LEAST_BYTES || bytes.readUInt32LE(0) !== ZSTD_MAGIC) return undefined
  const descriptor = bytes[4]
  const isSingle = (descriptor & 0x20) !== 0
  const at = 5 + (isSingle ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3]
  const form = descriptor >> 6
  if (form === 0) return isSingle ? bytes[at] : undefined
  if (form === 1) return bytes.readUInt16LE(at) + 256
  return form === 2 ? bytes.readUInt32LE(at) : Number(bytes.readBigUInt64LE(at))
}

/** Size of the last member's content, without all but its lowest 32 bits. */
export function gzipContentSize(bytes: Buffer): number | undefined {
  return bytes.length < LEAST_BYTES ? undefined : bytes.readUInt32LE(bytes.length - 4)
}
