import { ProtobufWriter } from '../../../../core/wire/protobuf/writer.ts'

/** Memory of a larger message is given back. Bytes. */
const MOST_KEPT = 65536

/** One for all fields: memory of its own for each took most of the time of tests that send much. */
let writer = new ProtobufWriter()

/** Encoded fields, for messages made by hand: put them one after the other. */
export const text = (field: number, value: string) => encode(writer => writer.string(field, value))
export const integer = (field: number, value: number) => encode(writer => writer.integer(field, value))
export const double = (field: number, value: number) => encode(writer => writer.double(field, value))
export const message = (field: number, ...fields: readonly Buffer[]) =>
  encode(writer => writer.bytes(field, Buffer.concat(fields)))

export function fixed64(field: number, value: bigint): Buffer {
  return encode(writer => writer.fixed64(field, Number((value >> 32n) & 0xffffffffn), Number(value & 0xffffffffn)))
}

/** A KeyValue with a string value. */
export const attribute = (field: number, key: string, value: string) =>
  message(field, text(1, key), message(2, text(1, value)))

function encode(write: (writer: ProtobufWriter) => void): Buffer {
  writer.reset()
  write(writer)
  const bytes = Buffer.from(writer.finish())
  if (bytes.length > MOST_KEPT) writer = new ProtobufWriter()
  return bytes
}
