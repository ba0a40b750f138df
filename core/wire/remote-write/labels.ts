import { lengthTag, ProtobufReader } from '../protobuf/reader.ts'

// Label: name 1, value 2. A message of labels has them as field 1, in remote write 1.0.
const LABEL = lengthTag(1)
const NAME = lengthTag(1)
const VALUE = lengthTag(2)

/** The labels of a range of bytes, as remote write 1.0 has them. */
export function labelsIn(bytes: Buffer, start: number, end: number): [string, string][] {
  return readLabels(new ProtobufReader(bytes, start, end))
}

/** The labels ahead. Other fields are passed over. */
export function readLabels(reader: ProtobufReader): [string, string][] {
  const labels: [string, string][] = []
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === LABEL) labels.push(readLabel(reader))
    else reader.skip(tag)
  }
  return labels
}

/** The label ahead, whose tag was read. */
export function readLabel(reader: ProtobufReader): [string, string] {
  const label: [string, string] = ['', '']
  const outer = reader.enter()
  while (reader.at < reader.limit) {
    const part = reader.tag()
    if (part === NAME) label[0] = reader.text()
    else if (part === VALUE) label[1] = reader.text()
    else reader.skip(part)
  }
  reader.leave(outer)
  return label
}
