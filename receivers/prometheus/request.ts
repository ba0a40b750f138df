import { readFileSync } from 'node:fs'
import type { IncomingMessage, RequestOptions } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { nodeHttp, nodeHttps } from '../../core/http/node-modules.ts'
import { BadInputError, type Permit } from '../../sdk/plugin/index.ts'
import type { ScrapeConfig } from './config.ts'

export interface Answer {
  readonly body: Buffer
  readonly contentType: string | undefined
}

type Credentials = Pick<ScrapeConfig, 'basic_auth' | 'authorization' | 'tls_config'>

/** For servers that are not to see the credentials of a job. */
export const NO_CREDENTIALS: Credentials = {
  basic_auth: { username: '', password: '' },
  authorization: { type: '', credentials: '' },
  tls_config: { ca_file: '', insecure_skip_verify: false }
}

/** Requests of one job, with its credentials. Connections are kept alive. */
export class Requests {
  readonly #http = new (nodeHttp().Agent)({ keepAlive: true })
  readonly #tls: Credentials['tls_config']
  #https: HttpsAgent | undefined
  readonly #headers: Record<string, string>

  constructor({ basic_auth, authorization, tls_config }: Credentials) {
    this.#tls = tls_config
    this.#headers = { 'user-agent': 'Weir', 'accept-encoding': 'gzip' }
    const { username, password } = basic_auth
    if (username !== '')
      this.#headers.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    if (authorization.credentials !== '')
      this.#headers.authorization = `${authorization.type} ${authorization.credentials}`
  }

  /** Reads the file of certificates; throws if it cannot be read. */
  open(): void {
    const { ca_file, insecure_skip_verify } = this.#tls
    const ca = ca_file === '' ? undefined : readFileSync(ca_file)
    this.#https = new (nodeHttps().Agent)({ keepAlive: true, ca, rejectUnauthorized: !insecure_skip_verify })
  }

  /**
   * The body of an answer with status 200. Its memory is bought as it comes.
   * @param maxBytes of the body after decompression; 0 is no limit
   */
  async get(
    url: URL,
    headers: Readonly<Record<string, string>>,
    { permit, maxBytes, signal }: { permit: Permit; maxBytes: number; signal: AbortSignal }
  ): Promise<Answer> {
    const isHttps = url.protocol === 'https:'
    const options: RequestOptions = {
      agent: isHttps ? this.#https : this.#http,
      headers: { ...this.#headers, ...headers },
      signal
    }
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (isHttps ? nodeHttps() : nodeHttp()).request(url, options, resolve)
      request.on('error', reject).end()
    })
    if (answer.statusCode !== 200) {
      // Its body may have no end.
      answer.destroy()
      throw new BadInputError(`${url} answers ${answer.statusCode}`)
    }
    const body = await collect(answer, permit, maxBytes)
    return { body, contentType: answer.headers['content-type'] }
  }

  close(): void {
    this.#http.destroy()
    this.#https?.destroy()
  }
}

async function collect(answer: IncomingMessage, permit: Permit, maxBytes: number): Promise<Buffer> {
  const isZipped = answer.headers['content-encoding']?.trim().toLowerCase() === 'gzip'
  const stream: Readable = isZipped ? answer.pipe(createGunzip()) : answer
  if (isZipped) answer.on('error', error => stream.destroy(error))
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (maxBytes > 0 && bytes > maxBytes)
        throw new BadInputError(`the body is larger than body_size_limit, ${maxBytes} bytes`, 'too_large')
      if (!permit.tryGrow(chunk.length))
        throw new BadInputError('as much data is in flight as the memory budget allows: see service.limits.in_flight')
      chunks.push(chunk)
    }
  } finally {
    answer.destroy()
  }
  return Buffer.concat(chunks)
}
