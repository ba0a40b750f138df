import { isUtf8 } from 'node:buffer'
import { DEFAULT_LIMITS } from '../../model/item-limits.ts'
import { readJson } from '../json.ts'
import type { JsonDecoderOptions } from './decoded-metrics.ts'
import { INT32, JsonFields, type JsonObject, UINT32 } from './json-fields.ts'
import { jsonAnyValue, jsonAttributes, jsonScope, jsonTime } from './json-values.ts'
import { type DecodedLogs, LogEvents, type LogRecord } from './log-events.ts'

/**
 * Decodes an ExportLogsServiceRequest in JSON; everything as `decodeLogs` does it.
 *
 * @param receivedAt Unix ms. Throws {@link BadInputError} with the JSON path and the value seen.
 */
export function decodeLogsJson(
  body: Buffer,
  receivedAt: number,
  { maxBytes = Number.POSITIVE_INFINITY, limits = DEFAULT_LIMITS, memory }: JsonDecoderOptions = {}
): DecodedLogs {
  const events = new LogEvents(receivedAt, limits, maxBytes)
  const fields = new JsonFields()
  readJson(body.toString(), request => readRequest(fields, request, events), memory)
  // Their places in the body are not known any more.
  const replacedTexts = fields.replacedTexts + (isUtf8(body) ? 0 : 1)
  return { block: events.build(), rejections: events.rejections, replacedTexts }
}

function readRequest(fields: JsonFields, request: unknown, events: LogEvents): void {
  fields.each(fields.asObject(request), 'resourceLogs', resourceLogs => {
    events.beginResource(fields.within(resourceLogs, 'resource', resource => jsonAttributes(fields, resource)) ?? [])
    fields.each(resourceLogs, 'scopeLogs', scopeLogs => {
      events.beginScope(jsonScope(fields, scopeLogs))
      fields.each(scopeLogs, 'logRecords', record => events.add(readRecord(fields, record)))
    })
  })
}

function readRecord(fields: JsonFields, record: JsonObject): LogRecord {
  return {
    time: jsonTime(fields, record, 'timeUnixNano'),
    observedTime: jsonTime(fields, record, 'observedTimeUnixNano'),
    severityNumber: Number(fields.integer(record, 'severityNumber', INT32)),
    severityText: fields.text(record, 'severityText'),
    body: fields.within(record, 'body', value => jsonAnyValue(fields, value, 0)) ?? null,
    attributes: jsonAttributes(fields, record),
    traceId: fields.text(record, 'traceId').toLowerCase(),
    spanId: fields.text(record, 'spanId').toLowerCase(),
    flags: Number(fields.integer(record, 'flags', UINT32)),
    eventName: fields.text(record, 'eventName')
  }
}
