import type { EventFormat } from '../../../core/wire/events/event.ts'
import { weirFormat } from '../../../core/wire/events/weir-format.ts'
import type { BodyForm } from '../events.ts'
import { cloudEventsFormat } from './cloudevents.ts'
import { segmentFormat } from './segment.ts'

export const FORMATS = { weir: weirFormat, segment: segmentFormat, cloudevents: cloudEventsFormat } satisfies Record<
  string,
  EventFormat
>
export type FormatName = keyof typeof FORMATS

const JSON_TYPES: readonly [string, BodyForm][] = [
  ['application/json', 'json'],
  ['application/x-ndjson', 'ndjson']
]

/** Forms of bodies by their content type. */
export const MEDIA_TYPES: Readonly<Record<FormatName, ReadonlyMap<string, BodyForm>>> = {
  weir: new Map(JSON_TYPES),
  segment: new Map(JSON_TYPES),
  cloudevents: new Map<string, BodyForm>([
    ['application/cloudevents+json', 'json'],
    ['application/cloudevents-batch+json', 'json']
  ])
}
