import assert from 'node:assert/strict'
import { Ajv } from 'ajv'

/** A request that Grafana's Prometheus data source makes, and the JSON Schema of `data` in its answer. */
interface GrafanaRequest {
  readonly does: string
  readonly path: string
  /** Sent as a form by POST, the default of the data source; without, by GET. */
  readonly form?: Readonly<Record<string, string>>
  readonly data: object
}

const LABELS = { type: 'object', additionalProperties: { type: 'string' } }
const NAMES = { type: 'array', minItems: 1, items: { type: 'string' } }
/** Unix s, and the value as text. */
const SAMPLE = { type: 'array', minItems: 2, maxItems: 2, items: [{ type: 'number' }, { type: 'string' }] }

const result = (resultType: string, result: object) => ({
  type: 'object',
  additionalProperties: false,
  required: ['resultType', 'result'],
  properties: { resultType: { const: resultType }, result }
})
const series = (samples: object) => ({
  type: 'array',
  minItems: 1,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['metric', ...Object.keys(samples)],
    properties: { metric: LABELS, ...samples }
  }
})
const VECTOR = result('vector', series({ value: SAMPLE }))
const MATRIX = result('matrix', series({ values: { type: 'array', minItems: 1, items: SAMPLE } }))
const HISTOGRAM = {
  type: 'object',
  additionalProperties: false,
  required: ['count', 'sum'],
  properties: {
    count: { type: 'string' },
    sum: { type: 'string' },
    buckets: {
      type: 'array',
      items: {
        type: 'array',
        minItems: 4,
        maxItems: 4,
        items: [{ enum: [0, 1, 2, 3] }, { type: 'string' }, { type: 'string' }, { type: 'string' }]
      }
    }
  }
}
const WHOLE = { type: 'array', minItems: 2, maxItems: 2, items: [{ type: 'number' }, HISTOGRAM] }

/** @param now Unix s */
function requests(now: number): GrafanaRequest[] {
  const range = { start: String(now - 3600), end: String(now), step: '15' }
  const time = String(now)
  const span = `start=${now - 3600}&end=${now}`
  return [
    {
      does: 'tests the data source',
      path: '/query',
      form: { query: '1+1', time },
      data: result('scalar', SAMPLE)
    },
    {
      does: 'finds out what the server can do',
      path: '/status/buildinfo',
      data: { type: 'object', required: ['version'], properties: { version: { type: 'string', pattern: '^3\\.' } } }
    },
    { does: 'draws a table', path: '/query', form: { query: 'http_requests_total', time }, data: VECTOR },
    {
      does: 'draws a graph',
      path: '/query_range',
      form: { query: 'sum by (http_route) (http_requests_total)', ...range },
      data: MATRIX
    },
    {
      does: 'draws a heat map',
      path: '/query_range',
      form: { query: 'sum by (le) (http_server_duration_seconds_bucket)', ...range },
      data: MATRIX
    },
    {
      does: 'draws a native histogram',
      path: '/query_range',
      form: { query: 'http_server_duration_seconds', ...range },
      data: result('matrix', series({ histograms: { type: 'array', minItems: 1, items: WHOLE } }))
    },
    { does: 'lists metrics', path: `/label/__name__/values?${span}&limit=40000`, data: NAMES },
    {
      does: 'lists labels',
      path: '/labels',
      form: { start: range.start, end: range.end, 'match[]': '{job="shop"}' },
      data: NAMES
    },
    {
      does: 'lists values of a variable',
      path: `/label/http_route/values?${span}&match[]=http_requests_total`,
      data: NAMES
    },
    {
      does: 'lists series',
      path: '/series',
      form: { start: range.start, end: range.end, 'match[]': 'http_requests_total' },
      data: { type: 'array', minItems: 3, items: LABELS }
    },
    {
      does: 'explains metrics',
      path: '/metadata?limit=2000',
      data: {
        type: 'object',
        required: ['http_requests_total', 'http_server_duration_seconds'],
        additionalProperties: {
          type: 'array',
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['type', 'help', 'unit'],
            properties: { type: { type: 'string' }, help: { type: 'string' }, unit: { type: 'string' } }
          }
        }
      }
    },
    { does: 'looks for exemplars', path: '/query_exemplars?query=up', data: { type: 'array' } },
    { does: 'shows rules', path: '/rules', data: { type: 'object', required: ['groups'] } },
    { does: 'shows alerts', path: '/alerts', data: { type: 'object', required: ['alerts'] } }
  ]
}

const ajv = new Ajv({ strictTuples: false })

/** Sends each request, and checks its answer. @param url of the API, without `/api/v1` */
export async function replayGrafana(url: string): Promise<void> {
  for (const { does, path, form, data } of requests(Math.floor(Date.now() / 1000))) {
    const init = form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }
    const response = await fetch(`${url}/api/v1${path}`, init)
    const body = await response.json()
    const validate = ajv.compile({
      type: 'object',
      additionalProperties: false,
      required: ['status', 'data'],
      properties: { status: { const: 'success' }, data, infos: { type: 'array' }, warnings: { type: 'array' } }
    })
    assert.ok(validate(body), `${does}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body).slice(0, 500)}`)
    assert.equal(response.status, 200, does)
  }
}
