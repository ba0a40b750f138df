import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { builtIns } from '../../../built-ins.ts'
import { readConfig } from '../../../core/config/validate.ts'
import { Registry } from '../../../core/plugin/registry.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'weir-'))
after(() => rmSync(folder, { recursive: true }))
/** A module is loaded once by its path. */
let plugins = 0

async function read(text: string) {
  const file = path.join(folder, 'weir.yaml')
  writeFileSync(file, text)
  const { config, problems } = await readConfig([file], {}, new Registry(builtIns))
  return { config, problems: problems.format().replaceAll(`${folder}/`, '') }
}

const file = (service: string, receiver = 'statsd', pipeline = 'a') => `receivers:
  ${receiver}:
exporters:
  debug:
service:
  ${service}
  pipelines:
    ${pipeline}: { receivers: [${receiver}], exporters: [debug] }`

const authenticators = (it: string) => file(`authenticators: { it: ${it} }`)

describe('names the fault', () => {
  const cases: [string, string, RegExp][] = [
    [
      'an admin server beyond loopback that anybody may use',
      file('admin: {endpoint: "0.0.0.0:13133"}'),
      /6:22: error: service.admin.endpoint: 0.0.0.0:13133 can be reached from other machines: name an entry/
    ],
    [
      'an authenticator of the admin server that is not there',
      file('admin: {auth: opss}\n  authenticators: { ops: { bearer: { tokens: [{ token: secret }] } } }'),
      /6:17: error: service.admin.auth: service.authenticators has no "opss"; did you mean "ops"\?/
    ],
    [
      'an authenticator of a receiver that is not there',
      file('', 'otlp').replace('otlp:', 'otlp: { protocols: { http: { auth: apps } } }'),
      /2:38: error: receivers.otlp.protocols.http.auth: service.authenticators has no "apps"/
    ],
    [
      'an authenticator of an exporter that is not there',
      file('')
        .replace(/exporters:\n.*\n/, 'exporters:\n  prometheus: { auth: apps }\n')
        .replaceAll('[debug]', '[prometheus]'),
      /error: exporters.prometheus.auth: service.authenticators has no "apps"/
    ],
    [
      'a tenant without service.tenants',
      file('').replace('statsd:', 'statsd: { tenant: shop }'),
      /2:21: error: receivers.statsd.tenant: "shop" is a tenant, and there are none: set service.tenants/
    ],
    [
      'an authenticator of two kinds',
      authenticators('{ bearer: {tokens: [{token: a}]}, basic: {users: [{username: a, password: b}]} }'),
      /authenticators.it: expected one of bearer, basic, jwt, found bearer and basic/
    ],
    [
      'a token without a secret',
      authenticators('{ bearer: { tokens: [{ tenant: a }] } }'),
      /service.authenticators.it.bearer.tokens\[0\]: expected one of token, token_file, found none/
    ],
    [
      'a user with two secrets',
      authenticators('{ basic: { users: [{ username: a, password: b, password_file: c }] } }'),
      /basic.users\[0\]: expected one of password, password_file, found password and password_file/
    ],
    [
      'an endpoint without a host',
      file('admin: {endpoint: ":13133"}'),
      /6:22: error: admin.endpoint: expected host:port/
    ],
    [
      'a port there is none of',
      file('admin: {endpoint: "h:70000"}'),
      /6:22: error: admin.endpoint: expected host:port/
    ],
    ['no URL', file('telemetry: {otlp_endpoint: here}'), /6:30: error: telemetry.otlp_endpoint: expected a URL/],
    ['a name that is no file’s', file('', 'statsd/a b'), /2:3: error: receiver "statsd\/a b": after the slash, a name/],
    ['a name that is another folder’s', file('', 'statsd', '".."'), /8:6: error: pipeline "\.\.": a name consists/],
    [
      'missing components, with their position',
      'receivers:\n  statsd:\nservice:\n  pipelines:\n',
      /4:3: error: pipelines: needs/
    ]
  ]
  for (const [name, text, want] of cases) it(name, async () => assert.match((await read(text)).problems, want))
})

it('regression: a duration of 0 had to be quoted', async () => {
  const { config, problems } = await read(file('shutdown_timeout: 0'))
  assert.equal(problems, '')
  assert.equal(config?.service.shutdown_timeout, 0)
})

it('regression: a plugin that failed over its own options ended Weir with a stack', async () => {
  for (const [own, what] of [
    ["schema: { type: 'object', properties: { a: { type: 'nonsense' } } }, create() {}", 'schema is invalid'],
    ["schema: { type: 'object', properties: {} }, check() { throw new Error('broken') }, create() {}", 'broken']
  ]) {
    const name = `plugin-${plugins++}.mjs`
    const rest =
      "api: 1, kind: 'receiver', type: 'failing', stability: 'beta', description: 'x', ports: { out: 'points' }"
    writeFileSync(path.join(folder, name), `export default { ${rest}, ${own} }`)
    const { config, problems } = await read(`plugins: [./${name}]\n${file('', 'failing')}`)
    assert.equal(config, undefined)
    assert.match(problems, new RegExp(`:3:3: error: receiver "failing": its plugin fails over these options: ${what}`))
  }
})

it('regression: aliases of aliases nested as deep as the stack goes, and further', async () => {
  const nested = (levels: number) =>
    Array.from({ length: levels }, (_, i) => `x${i + 1}: &x${i + 1} ${'['.repeat(90)}*x${i}${']'.repeat(90)}`)
  const { config, problems } = await read(['x0: &x0 1', ...nested(44), 'service: *x44'].join('\n'))
  assert.equal(config, undefined)
  assert.match(problems, /^weir\.yaml:\d+:\d+: error: with aliases written out, values are nested more than 100 deep/)
  assert.doesNotMatch((await read(['x0: &x0 1', ...nested(1)].join('\n'))).problems, /deep/)
})
