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

describe('says what is wrong', () => {
  const cases: [string, string, RegExp][] = [
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
    ['what is missing, where it is', 'receivers:\n  statsd:\nservice:\n  pipelines:\n', /4:3: error: pipelines: needs/]
  ]
  for (const [name, text, want] of cases) it(name, async () => assert.match((await read(text)).problems, want))
})

it('regression: a duration of 0 had to be quoted', async () => {
  const { config, problems } = await read(file('shutdown_timeout: 0'))
  assert.equal(problems, '')
  assert.equal(config?.service.shutdown_timeout, 0)
})
