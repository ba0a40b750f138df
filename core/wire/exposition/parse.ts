import { isUtf8 } from 'node:buffer'
import { BadInputError } from '../../errors.ts'
import type { ExpositionHandler } from './handler.ts'
import { parseProtobuf } from './protobuf-parser.ts'
import { parseText } from './text-parser.ts'

/** Reads a body in the format that `content-type` names: text 0.0.4 by default. Throws {@link BadInputError}. */
export function parseExposition(body: Buffer, contentType: string | undefined, handler: ExpositionHandler): void {
  const type = contentType?.split(';', 1)[0].trim().toLowerCase()
  if (type === 'application/vnd.google.protobuf') return parseProtobuf(body, handler)
  if (!isUtf8(body)) throw new BadInputError('the exposition is not UTF-8')
  parseText(body.toString(), type === 'application/openmetrics-text' ? 'openmetrics' : 'text', handler)
}
