import type { ServerResponse } from 'node:http'
import type { Response } from 'express'
import type { RequestError } from '../../core/http/request-error.ts'
import { sendJson } from '../../core/http/send.ts'
import { QueryError, type QueryErrorKind } from '../../core/promql/query-error.ts'
import type { QueryAnswer } from '../../core/queries/requests.ts'

const RETRY_AFTER_S = '3'
/** The error type of the Prometheus API, and the status. */
const ERRORS: Readonly<Record<QueryErrorKind, readonly [type: string, status: number]>> = {
  bad_data: ['bad_data', 400],
  forbidden: ['forbidden', 403],
  execution: ['execution', 422],
  timeout: ['timeout', 503],
  canceled: ['canceled', 503],
  unavailable: ['unavailable', 503]
}
const TYPES_BY_STATUS: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  503: 'unavailable'
}

/** Writes an answer as the Prometheus API does: `{"status":"success","data":…}`. */
export function succeed(response: Response, { data, warnings, infos }: QueryAnswer): void {
  const remarks = `${list('warnings', warnings)}${list('infos', infos)}}`
  response.status(200).type('application/json')
  response.write('{"status":"success","data":')
  response.write(data)
  response.end(remarks)
}

/** An answer that is made here. */
export function plain(data: unknown): QueryAnswer {
  return { data: new TextEncoder().encode(JSON.stringify(data)), warnings: [], infos: [] }
}

export function refuse(response: ServerResponse, error: QueryError | RequestError): void {
  const [errorType, status] =
    error instanceof QueryError ? ERRORS[error.kind] : [TYPES_BY_STATUS[error.status] ?? 'bad_data', error.status]
  if (status === 503) response.setHeader('retry-after', RETRY_AFTER_S)
  response.statusCode = status
  sendJson(response, { status: 'error', errorType, error: error.message })
}

function list(name: string, texts: readonly string[]): string {
  return texts.length === 0 ? '' : `,"${name}":${JSON.stringify(texts)}`
}
