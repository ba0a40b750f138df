import type { ConfigSchema } from '../../sdk/plugin/index.ts'
import type { BodyForm } from './events.ts'

/** Input of a test: a body of JSON, or lines of NDJSON. */
export type Input = { readonly events: unknown } | { readonly lines: readonly string[] }

export const INPUT: ConfigSchema = {
  type: 'object',
  properties: {
    events: { type: ['array', 'object'], description: 'An event or a list of them, in the format of the receiver.' },
    lines: { type: 'array', items: { type: 'string' }, description: 'Lines of NDJSON.' }
  },
  minProperties: 1,
  maxProperties: 1
}

export function bodyOf(input: Input): { readonly form: BodyForm; readonly body: Buffer } {
  if ('lines' in input) return { form: 'ndjson', body: Buffer.from(input.lines.join('\n')) }
  return { form: 'json', body: Buffer.from(JSON.stringify(input.events)) }
}
