import { crc32 } from '../packages.ts'

/** @param before the checksum of the bytes in front of these */
export function crc32c(bytes: Uint8Array, before?: number): number {
  return crc32().crc32c(bytes, before)
}
