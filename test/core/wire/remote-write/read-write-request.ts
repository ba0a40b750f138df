/** A reader of WriteRequest for tests, written from the proto file and sharing nothing with the writer under test. */
export interface ReadSeries {
  readonly labels: [string, string][]
  /** The eight bytes of the value as hex, big-endian, so that one NaN can be told from another. */
  readonly samples: { value: number; bits: string; timestamp: bigint }[]
}
export interface ReadRequest {
  readonly series: ReadSeries[]
  readonly metadata: Record<number, unknown>[]
}

type Field = [number: number, value: bigint | Buffer]

export function readWriteRequest(bytes: Uint8Array): ReadRequest {
  const fields = readFields(Buffer.from(bytes))
  return {
    series: messages(fields, 1).map(readSeries),
    metadata: messages(fields, 3).map(message =>
      Object.fromEntries(
        readFields(message).map(([field, value]) => [
          field,
          typeof value === 'bigint' ? Number(value) : value.toString()
        ])
      )
    )
  }
}

function readSeries(message: Buffer): ReadSeries {
  const fields = readFields(message)
  return {
    labels: messages(fields, 1).map(label => {
      const [name, value] = [1, 2].map(field => messages(readFields(label), field)[0].toString())
      return [name, value]
    }),
    samples: messages(fields, 2).map(sample => {
      const values = new Map(readFields(sample))
      // Writers may leave out a zero.
      const double = (values.get(1) as Buffer | undefined) ?? Buffer.alloc(8)
      const bits = Buffer.from(double).reverse().toString('hex')
      return { value: double.readDoubleLE(), bits, timestamp: BigInt.asIntN(64, values.get(2) as bigint) }
    })
  }
}

function readFields(bytes: Buffer): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const take = (length: number) => {
    if (at + length > bytes.length) throw new RangeError('cut off')
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const wire = tag & 7
    if (wire !== 0 && wire !== 1 && wire !== 2) throw new RangeError(`wire type ${wire}`)
    fields.push([tag >> 3, wire === 0 ? varint() : take(wire === 1 ? 8 : Number(varint()))])
  }
  return fields
}

const messages = (fields: Field[], number: number) =>
  fields.filter(([field]) => field === number).map(([, value]) => value as Buffer)
