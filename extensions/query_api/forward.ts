import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Response } from 'express'
import { nodeHttp, nodeHttps } from '../../core/http/node-modules.ts'
import { parse } from '../../core/promql/parser/parse.ts'
import { formatQuery } from '../../core/promql/printer/format-query.ts'
import { QueryError } from '../../core/promql/query-error.ts'
import { requireLabels } from '../../core/promql/require-labels.ts'
import { describeError } from '../../sdk/plugin/index.ts'
import type { ForwardConfig } from './config.ts'
import type { Parameters } from './parameters.ts'

/** Other parameters are extensions of that server, and could ask for more than may be read. */
const RELAYED: ReadonlySet<string> = new Set(
  'query time start end step timeout limit match[] metric lookback_delta stats'.split(' ')
)
/** Their answers cannot be narrowed down by a label. */
const OF_ALL_TENANTS = /\/(metadata|tsdb)$/

/** The part of a request that is sent on. */
export interface Question {
  /** From `/api/v1` on. */
  readonly path: string
  readonly parameters: Parameters
  /** Undefined if data belongs to no tenants. */
  readonly tenant: string | undefined
}

/** Sends questions on to another server with the Prometheus HTTP API, and its answers back as they come. */
export class Forwarder {
  readonly #config: ForwardConfig
  readonly #tenantLabel: string

  constructor(config: ForwardConfig, tenantLabel: string) {
    this.#config = config
    this.#tenantLabel = tenantLabel
  }

  /** Throws a {@link QueryError}: `unavailable` if there is no answer, `timeout` if `signal` fires before. */
  async relay({ path, parameters, tenant }: Question, response: Response, signal: AbortSignal): Promise<void> {
    if (tenant !== undefined && OF_ALL_TENANTS.test(path))
      throw new QueryError('forbidden', `${path} tells about all tenants: it cannot be asked for one of them`)
    if (hasDotSegment(path))
      throw new QueryError('bad_data', `${path} would be another path of the server: escape the label's name by U__`)
    const known = parameters.only(RELAYED)
    const body = (tenant === undefined ? known : this.#ofTenant(tenant, known)).encoded
    let answer: IncomingMessage
    try {
      answer = await this.#send(path, body, signal)
    } catch (error) {
      if (signal.aborted) throw new QueryError('timeout', `${this.#config.endpoint} did not answer in time`)
      throw new QueryError('unavailable', `${this.#config.endpoint} does not answer: ${describeError(error)}`)
    }
    response.status(answer.statusCode ?? 503)
    for (const name of ['content-type', 'content-encoding', 'retry-after'])
      if (answer.headers[name] !== undefined) response.set(name, String(answer.headers[name]))
    await pipeline(answer, response)
  }

  /** Every selector gets the tenant's label, in the syntax tree: nothing in the text can get around it. */
  #ofTenant(tenant: string, parameters: Parameters): Parameters {
    const ofTenant = (text: string) => formatQuery(requireLabels(parse(text), [[this.#tenantLabel, tenant]]))
    const some = parameters.changed('query', ofTenant).changed('match[]', ofTenant)
    const all = `{${this.#tenantLabel}=${JSON.stringify(tenant)}}`
    return some.all('match[]').length === 0 ? some.with('match[]', all) : some
  }

  /** A GET if its server takes no POST there: names of labels and metadata have short parameters. */
  #send(path: string, form: string, signal: AbortSignal): Promise<IncomingMessage> {
    const isGet = /\/(values|metadata|tsdb)$/.test(path)
    const url = new URL(this.#config.endpoint.replace(/\/$/, '') + path + (isGet ? `?${form}` : ''))
    const { request } = url.protocol === 'https:' ? nodeHttps() : nodeHttp()
    const headers = isGet ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
    const options = { method: isGet ? 'GET' : 'POST', headers: { ...headers, ...this.#config.headers }, signal }
    return new Promise((resolve, reject) => {
      request(url, options, resolve)
        .on('error', reject)
        .end(isGet ? '' : form)
    })
  }
}

/** A label's name in the path may be anything, and URLs take a backslash for a slash. */
function hasDotSegment(path: string): boolean {
  return decodeURIComponent(path)
    .split(/[/\\]/)
    .some(part => part === '.' || part === '..')
}
