import querystring from 'node:querystring'

interface Address {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
}

/** Credentials of `http://user:password@host` as a header. Messages show the endpoint. */
export function withoutCredentials(endpoint: string, headers: Readonly<Record<string, string>> = {}): Address {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url === undefined || (url.username === '' && url.password === '')) return { endpoint, headers }
  const basic = Buffer.from([url.username, url.password].map(text => querystring.unescape(text)).join(':')).toString(
    'base64'
  )
  url.username = url.password = ''
  return { endpoint: url.href, headers: { authorization: `Basic ${basic}`, ...headers } }
}
