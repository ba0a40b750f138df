// Requests to the admin server, which is the only host that the page asks.

const TIMEOUT_MS = 60_000
/** Longer ones do not fit into the URL that some servers take. */
const LONGEST_QUERY_STRING = 4000

/** An answer that is no success, with the server's own words. */
export class ApiError extends Error {
  /** HTTP status; 0 if there was no answer. */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export interface Asking {
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly signal?: AbortSignal
}

/** The JSON of an answer. Throws an {@link ApiError}, or the reason of `signal`. */
export async function getJson<T>(path: string, { query = {}, signal }: Asking = {}): Promise<T> {
  const values = encoded(query)
  if (values.length > LONGEST_QUERY_STRING)
    return sendAs<T>('POST', path, 'application/x-www-form-urlencoded', values, signal)
  return (await asked(values === '' ? path : `${path}?${values}`, { signal })).json()
}

/** Sends JSON to a path that changes something. Returns the answer. */
export async function sendJson(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {}
): Promise<Response> {
  return sendText(method, path, body === undefined ? undefined : JSON.stringify(body), headers)
}

/** Sends JSON that is a text already, as {@link sendJson} does. */
export async function sendText(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body: string | undefined,
  headers: Readonly<Record<string, string>> = {}
): Promise<Response> {
  return withToken(token =>
    asked(path, { method, body, headers: { 'content-type': 'application/json', 'x-weir-token': token, ...headers } })
  )
}

/** A text, with the header `ETag` that names its version. Throws an {@link ApiError}. */
export async function getText(path: string): Promise<{ readonly text: string; readonly version: string }> {
  const answer = await asked(path, {})
  return { text: await answer.text(), version: answer.headers.get('etag') ?? '' }
}

/** An answer as it comes, for streams. Throws as {@link getJson} does. */
export function getStream(path: string, { query = {}, signal }: Asking = {}): Promise<Response> {
  return answered(`${path}?${encoded(query)}`, { signal })
}

async function sendAs<T>(method: string, path: string, type: string, body: string, signal?: AbortSignal): Promise<T> {
  const answer = await withToken(token =>
    asked(path, { method, body, signal, headers: { 'content-type': type, 'x-weir-token': token } })
  )
  return answer.json()
}

let session: Promise<string> | undefined

/** A restarted server has another token, so that one that is refused is asked for anew. */
async function withToken(send: (token: string) => Promise<Response>): Promise<Response> {
  try {
    return await send(await tokenOf())
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error
    session = undefined
    return send(await tokenOf())
  }
}

async function tokenOf(): Promise<string> {
  session ??= getJson<{ token: string }>('/api/session').then(({ token }) => token)
  try {
    return await session
  } catch (error) {
    session = undefined
    throw error
  }
}

function encoded(query: NonNullable<Asking['query']>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map(one => [name, String(one)])
  )
  return String(new URLSearchParams(pairs))
}

async function asked(path: string, options: RequestInit): Promise<Response> {
  const limit = AbortSignal.timeout(TIMEOUT_MS)
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit
  return answered(path, { ...options, signal })
}

async function answered(path: string, options: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(path, options)
  } catch (error) {
    if (options.signal?.aborted && (error as Error).name !== 'TimeoutError') throw error
    throw new ApiError(0, 'Weir does not answer. This page asks again by itself.')
  }
  if (!response.ok) throw new ApiError(response.status, await messageOf(response))
  return response
}

/** Errors are `{"error": …}`, as Prometheus has them, or plain text. */
async function messageOf(response: Response): Promise<string> {
  const text = (await response.text()).trim()
  try {
    const { error } = JSON.parse(text)
    if (typeof error === 'string') return error
  } catch {
    // Plain text.
  }
  return text === '' ? `the server answered with status ${response.status}` : text
}
