import type { ProtobufReader } from './reader.ts'

/** Reads a list of numbers that is packed, or one number of a list that is not. @param tag that was read */
export function readRepeated(
  reader: ProtobufReader,
  tag: number,
  into: number[],
  read: (reader: ProtobufReader) => number
): void {
  if ((tag & 7) !== 2) {
    into.push(read(reader))
    return
  }
  const outer = reader.enter()
  while (reader.at < reader.limit) into.push(read(reader))
  reader.leave(outer)
}

export const fixed64 = (reader: ProtobufReader) => reader.fixed64()
export const double = (reader: ProtobufReader) => reader.double()
export const varint = (reader: ProtobufReader) => reader.varint()

/** A sint64, exact up to 2^52. */
export function zigzag(reader: ProtobufReader): number {
  const value = reader.varint()
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}
