import assert from 'node:assert/strict'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { importConfig } from '../../../core/cli/import.ts'
import { readConfig } from '../../../core/config/validate.ts'
import { MemoryTerminal } from './memory-terminal.ts'

const CASES = path.join(import.meta.dirname, '../../cases/import')
/** Cases of which a part is not done, which the exit code tells. */
const PARTIAL = new Set(['kafka.yaml', 'statsd-agent.yaml'])
/** The variables that the cases refer to. */
const ENV = Object.fromEntries(
  'ENVIRONMENT MIMIR_TOKEN REGION API_KEY KAFKA_PASSWORD CLICKHOUSE_PASSWORD SHOP_PASSWORD EDGE_PASSWORD CLUSTER'
    .split(' ')
    .map(name => [name, 'a-text-for-tests'])
)

// Golden files. `UPDATE_GOLDEN=1 npm test` writes them anew; read the difference.
for (const tool of ['otelcol', 'vmagent', 'statsd']) {
  describe(`weir import of ${tool}`, () => {
    const files = globSync(`${CASES}/${tool}/*`)
      .filter(file => !file.includes('.expected.'))
      .sort()
    for (const file of files) {
      it(path.basename(file), async () => {
        const terminal = new MemoryTerminal()
        const code = PARTIAL.has(path.basename(file)) ? EXIT.invalid : EXIT.ok
        assert.equal(await importConfig(terminal, file, {}), code, terminal.stderr)
        const golden = `${file.replace(/\.\w+$/, '')}.expected.yaml`
        if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, terminal.stdout)
        assert.ok(existsSync(golden), `write it with UPDATE_GOLDEN=1:\n${terminal.stdout}`)
        assert.equal(terminal.stdout, readFileSync(golden, 'utf8'))
        const { config, problems } = await readConfig([golden], ENV, terminal.registry)
        assert.ok(config, problems.format())
        assert.deepEqual(problems.all, [])
      })
    }
  })
}

describe('weir import says what cannot be', () => {
  const cases: [name: string, file: string, text: string, message: RegExp, isWritten: boolean][] = [
    [
      'a pipeline without receivers that have twins',
      'otelcol.yaml',
      'receivers: { hostmetrics: {}, otlp: { protocols: { http: } } }\nexporters: { debug: }\nservice: { pipelines: { metrics/host: { receivers: [hostmetrics], exporters: [debug] }, metrics: { receivers: [otlp], exporters: [debug] } } }\n',
      /The pipeline metrics\/host is left out: none of its receivers has a twin\./,
      true
    ],
    [
      'only pipelines of traces',
      'otelcol.yaml',
      'receivers: { otlp: }\nexporters: { debug: }\nservice: { pipelines: { traces: { receivers: [otlp], exporters: [debug] } } }\n',
      /nothing is written, for no pipeline of metrics or logs is left/,
      false
    ],
    [
      'a secret that is in a file',
      'otelcol.yaml',
      'receivers: { otlp: { protocols: { http: } } }\nexporters: { otlphttp: { endpoint: "https://x.example", headers: { a: "${file:/run/key}" } } }\nservice: { pipelines: { metrics: { receivers: [otlp], exporters: [otlphttp] } } }\n',
      /\$\{file:\/run\/key\} has no twin: put its value into a variable/,
      true
    ],
    [
      'a filter that would not be done',
      'otelcol.yaml',
      'receivers: { otlp: { protocols: { http: } } }\nprocessors: { filter: { metrics: { metric: ["Len(name) > 5"] } } }\nexporters: { debug: }\nservice: { pipelines: { metrics: { receivers: [otlp], processors: [filter], exporters: [debug] } } }\n',
      /filter: Not filtered: Len\(name\) > 5 has no twin: a field is expected\./,
      true
    ],
    [
      'an authenticator without a twin, for anybody could send',
      'otelcol.yaml',
      'receivers: { otlp: { protocols: { http: { auth: { authenticator: asap } } } } }\nexporters: { debug: }\nextensions: { asap: }\nservice: { extensions: [asap], pipelines: { metrics: { receivers: [otlp], exporters: [debug] } } }\n',
      /otlp: auth: asap has no twin, so anybody may send/,
      true
    ],
    [
      'an authenticator without a twin, for the store would refuse what comes',
      'otelcol.yaml',
      'receivers: { otlp: { protocols: { http: } } }\nexporters: { prometheusremotewrite: { endpoint: "https://x.example", auth: { authenticator: sigv4auth/a } } }\nextensions: { sigv4auth/a: }\nservice: { extensions: [sigv4auth/a], pipelines: { metrics: { receivers: [otlp], exporters: [prometheusremotewrite] } } }\n',
      /prometheusremotewrite: auth: sigv4auth\/a has no twin, so nothing proves who sends/,
      true
    ],
    [
      'two conditions on a name that are not one',
      'rules.yaml',
      '- { match: \'{__name__=~"a.*",__name__!~".*b"}\', interval: 1m, outputs: [max] }\n',
      /Rule 1 has no twin: it has two conditions on the label __name__: write them as one expression/,
      true
    ],
    [
      'a rule without an interval',
      'rules.yaml',
      '- { match: up, outputs: [total] }\n',
      /Rule 1 has no twin: its interval is missing/,
      true
    ],
    [
      'code',
      'config.js',
      '{ port: require("x").port }',
      /Line 1: port is code and no data, and is not run: require\("x"\)\.port/,
      true
    ],
    [
      'a file of no tool',
      'x.yaml',
      'a: 1\n',
      /its content does not tell which tool it is of; use --from otelcol/,
      false
    ],
    ['an empty file', 'x.yaml', '', /it is empty/, false],
    ['no YAML', 'x.yaml', 'a: [\n', /x\.yaml:\d+:\d+: error: not YAML/, false],
    ['no object', 'x.js', 'const a = 1', /line 1: an object/, false]
  ]
  for (const [name, file, text, message, isWritten] of cases) {
    it(name, async t => {
      const folder = mkdtempSync(path.join(tmpdir(), 'weir-import-'))
      t.after(() => rmSync(folder, { recursive: true }))
      writeFileSync(path.join(folder, file), text)
      const terminal = new MemoryTerminal()
      assert.equal(await importConfig(terminal, path.join(folder, file), {}), EXIT.invalid)
      assert.match(terminal.stderr, message)
      assert.equal(terminal.stdout !== '', isWritten, terminal.stdout)
      if (!isWritten) return
      const written = path.join(folder, 'written.yaml')
      writeFileSync(written, terminal.stdout)
      const { problems } = await readConfig([written], ENV, terminal.registry)
      assert.equal(problems.hasErrors, false, problems.format())
    })
  }

  it('a file that is not there', async () => {
    const terminal = new MemoryTerminal()
    assert.equal(await importConfig(terminal, '/nowhere/otelcol.yaml', {}), EXIT.invalid)
    assert.match(terminal.stderr, /^cannot read \/nowhere\/otelcol\.yaml: /)
  })
})

it('weir import writes a file if it is told to, and takes the tool it is told', async t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-import-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [file, output] = [path.join(folder, 'settings'), path.join(folder, 'weir.yaml')]
  writeFileSync(file, '{ port: 9125 }')
  const terminal = new MemoryTerminal()
  assert.equal(await importConfig(terminal, file, { from: 'statsd', output }), EXIT.ok)
  assert.equal(terminal.stdout, '')
  assert.match(readFileSync(output, 'utf8'), /endpoint: 0\.0\.0\.0:9125/)
})
