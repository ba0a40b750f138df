import { type ProtobufReader, varintTag } from '../protobuf/reader.ts'
import type { Buckets } from './native-histogram.ts'

/** Reads the BucketSpan ahead, whose tag was read: offset 1 (sint32), length 2 (uint32). */
export function readSpan(reader: ProtobufReader, { offsets, lengths }: Buckets): void {
  let offset = 0
  let length = 0
  const outer = reader.enter()
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === varintTag(1)) offset = reader.sint32()
    else if (tag === varintTag(2)) length = reader.varint()
    else reader.skip(tag)
  }
  reader.leave(outer)
  offsets.push(offset)
  lengths.push(length)
}
