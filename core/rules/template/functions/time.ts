import { durationMs } from '../../../promql/parser/numbers.ts'
import { quote } from '../../../promql/parser/strings.ts'
import { TemplateFailure } from '../template-error.ts'
import type { TemplateFunction } from './function.ts'
import { goDurationOf, goTimeOf, numberOf } from './numbers.ts'

/** Times and durations, of seconds. */
export const TIME: Readonly<Record<string, TemplateFunction>> = {
  now: { parameters: [], call: (_, { data }) => data.time / 1000 },
  toTime: { parameters: ['any'], call: ([value]) => goTimeOf(numberOf(value)) },
  toDuration: { parameters: ['any'], call: ([value]) => goDurationOf(numberOf(value)) },
  parseDuration: { parameters: ['string'], call: ([text]) => secondsOf(text as string) }
}

function secondsOf(text: string): number {
  if (text === '') throw new TemplateFailure('empty duration string')
  const ms = text === '0' ? 0 : durationMs(text)
  if (ms === undefined) throw new TemplateFailure(`not a valid duration string: ${quote(text)}`)
  return ms / 1000
}
