// Attributes as canonical bytes, without decoding them. Each is a field whose number is below 16: a KeyValue.

const SHORT = 0x80

/** An attribute's field: where its name is, and where it ends. */
export interface Field {
  readonly name: number
  readonly nameEnd: number
  readonly end: number
}

/** The field at `at`. */
export function fieldAt(view: DataView, at: number): Field {
  const content = contentAt(view, at)
  const name = contentAt(view, content)
  return { name, nameEnd: name + lengthAt(view, content + 1), end: content + lengthAt(view, at + 1) }
}

/** Where the content of the length-delimited field at `at` begins. */
export function contentAt(view: DataView, at: number): number {
  let content = at + 2
  while (view.getUint8(content - 1) >= SHORT) content++
  return content
}

/** The varint at `at`. */
export function lengthAt(view: DataView, at: number): number {
  let length = 0
  let factor = 1
  for (let i = at; ; i++, factor *= SHORT) {
    const byte = view.getUint8(i)
    length += (byte & (SHORT - 1)) * factor
    if (byte < SHORT) return length
  }
}
