import type { Draft } from '../draft.ts'
import type { Options } from '../options.ts'
import { Block, type Yaml } from '../yaml.ts'
import { nameOf, plainType } from './twin.ts'

const HINTS: Readonly<Record<string, string>> = {
  pprof: 'start Weir with NODE_OPTIONS=--cpu-prof for a profile.',
  zpages: 'the page of the admin server shows pipelines, rates and drops; weir tap shows items.',
  filestorage:
    'service.journal keeps what is not delivered yet on disk, and service.state_dir the state of processors.',
  headerssetter: 'write headers into the exporters.',
  oauth2client: 'get a token by another program, and give it as bearer_token.',
  k8sobserver: 'targets come from file_sd_configs or http_sd_configs of the receiver prometheus.',
  opamp: 'change the file, and weir reload reads it again.'
}
/** Those that components refer to. */
const AUTH = new Set(['basicauth', 'bearertokenauth', 'oidc', 'asapclient', 'sigv4auth'])

/** Notes and settings of the extensions that run. */
export function importExtensions(draft: Draft, ids: readonly string[], all: Options): void {
  for (const id of ids) {
    const type = plainType(id)
    const options = all.at(id)
    if (type === 'healthcheck' || type === 'healthcheckv2') importHealthCheck(draft, options)
    else if (!AUTH.has(type))
      draft.note(
        draft.service,
        `The extension ${id} has no twin: ${HINTS[type] ?? 'see the manual for what Weir has instead.'}`
      )
  }
}

function importHealthCheck(draft: Draft, options: Options): void {
  const endpoint = options.text('endpoint') ?? 'localhost:13133'
  const port = /:(\d+)$/.exec(endpoint)?.[1] ?? '13133'
  const isLocal = /^(localhost|127\.0\.0\.1|\[::1\]):/.test(endpoint)
  draft.note(
    draft.service,
    `health_check: the admin server answers /healthz and /readyz.${isLocal ? '' : ' It listens beyond loopback only with admin.auth, for it shows data too.'}`
  )
  draft.service.set('admin', new Block().set('endpoint', `127.0.0.1:${port}`))
}

/** The authenticator for senders that an extension is. Undefined: it has no twin. */
export function authenticatorOf(id: string, options: Options): { name: string; value: Yaml } | undefined {
  const type = plainType(id)
  const name = nameOf(id) || id.replaceAll(/[^\w.-]/g, '_')
  if (type === 'bearertokenauth') {
    const file = options.text('filename')
    const tokens = [...options.texts('tokens'), ...options.texts('token')].map(token => ({ token }))
    return { name, value: { bearer: { tokens: file === undefined ? tokens : [{ token_file: file }] } } }
  }
  if (type === 'basicauth') {
    const users = usersOf(options.at('htpasswd').text('inline') ?? '')
    return users.length === 0 ? undefined : { name, value: { basic: { users } } }
  }
  const issuer = options.text('issuer_url')
  const audience = options.text('audience')
  if (type !== 'oidc' || issuer === undefined || audience === undefined) return undefined
  return { name, value: { jwt: { issuer, audience: [audience] } } }
}

/** `user:password` a line. Hashes have no twin, and a user with one would not get in. */
function usersOf(text: string): Yaml[] {
  const lines = text.split('\n').map(line => /^\s*([^:\s]+):(.+?)\s*$/.exec(line))
  const users = lines.filter(line => line !== null).map(([, username, password]) => ({ username, password }))
  return users.some(({ password }) => /^(\$\$?2[aby]|\$\$?apr1|\{SHA\})/.test(password)) ? [] : users
}
