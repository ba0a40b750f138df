import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseCase } from '../../bench/programs/cases.ts'
import { EXIT } from '../../core/cli/exit-codes.ts'
import { ROOT, Sandbox, type Weir } from '../e2e/weir-process.ts'
import { type Block, blocksOf, showsFile, where } from './blocks.ts'

const PAGES = ['README.md', ...globSync(['docs/*.md', '{receivers,extensions}/*/README.md'], { cwd: ROOT })]
const MAIN = path.join(ROOT, 'core/main.ts')

const CONFIG = `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
  statsd: { endpoint: 127.0.0.1:0 }
  http: { endpoint: 127.0.0.1:0 }
processors:
  windowed_counter: { windows: [1s] }
exporters:
  clickhouse: { embedded: ./clickhouse }
extensions:
  query_api: { store: clickhouse, endpoint: 127.0.0.1:0 }
service:
  extensions: [query_api]
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    counts:
      receivers: [otlp, statsd, http]
      processors: [windowed_counter]
      exporters: [clickhouse]
`

/** Lines that are not run as they stand, and what holds them instead. */
const CHECKED_OTHERWISE: readonly [RegExp, (line: string, sandbox: Sandbox) => void][] = [
  // That installing works is what any test run shows.
  [/^npm install$/, () => assert.ok(existsSync(path.join(ROOT, 'package-lock.json')))],
  [/^npm install && npm (start|test)$/, line => assert.ok(scripts()[line.split(' ').at(-1)!])],
  [/^npm (run )?(test|check|format|bench:queries)$/, line => assert.ok(scripts()[line.split(' ').at(-1)!])],
  [/^npm run bench:page -- --data FOLDER$/, () => assert.ok(scripts()['bench:page'])],
  [/^npm run bench:live-chart -- --seconds 3600$/, () => assert.ok(scripts()['bench:live-chart'])],
  // Tests under test/bench and test/scripts run what these run.
  [/^npm run (bench|bench:parts|profile)( |$)/, assertBenchmark],
  // test/package does this.
  [/^npm install \S+\/weir-\S+\.tgz chdb$/, line => assert.ok(line.includes(`weir-${manifest().version}.tgz`))],
  [/^npx weir run --config (\S+)$/, (line, sandbox) => assert.ok(fileOf(line.split(' ').at(-1)!, sandbox))],
  // It needs a broker: test/receivers/kafka runs it with one.
  [/^weir kafka seek /, () => assert.ok(existsSync(path.join(ROOT, 'test/receivers/kafka/kafka.test.ts')))],
  [/^npm test -- docs\/examples\//, line => assert.ok(existsSync(path.join(ROOT, line.split(' ').at(-1)!)))]
]

test('commands of the documentation', async t => {
  const sandbox = await Sandbox.open(t)
  // Pages have a weir.yaml of their own.
  sandbox.configFile = 'running.yaml'
  const weir = await sandbox.start(CONFIG)
  await writeFile(sandbox.path('events.ndjson'), '{"name":"order"}\n')
  for (const page of PAGES) {
    const blocks = blocksOf(page)
    for (const { file, text, ...block } of blocks.filter(block => block.file !== undefined && !showsFile(block))) {
      assert.equal(block.language, 'yaml')
      await writeFile(sandbox.path(file!), text)
    }
    for (const [i, block] of blocks.entries()) {
      if (block.language === 'sh') await t.test(where(block), t => check(t, block, blocks[i + 1], sandbox, weir))
    }
  }
})

test('weir run prints the text in docs/cli.md', async t => {
  const blocks = blocksOf('docs/cli.md')
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(
    `service: { admin: { endpoint: "127.0.0.1:0" } }
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } }`,
    '--config',
    await write(sandbox, 'shown.yaml', blocks.find(({ file }) => file === 'weir.yaml')!.text)
  )
  assert.deepEqual(await weir.stop(), { code: EXIT.ok, signal: null })
  const at = blocks.findIndex(({ text }) => text.startsWith('npx weir run'))
  assertShown(
    weir.stdout.replaceAll(/127\.0\.0\.1:\d+\/(v1)?/g, (_, v1) => (v1 ? '127.0.0.1:4318/v1' : '127.0.0.1:13133/')),
    blocks[at + 1]
  )
})

test('docs/cli.md has every command, option and exit code', async t => {
  const sandbox = await Sandbox.open(t)
  const page = readFileSync(path.join(ROOT, 'docs/cli.md'), 'utf8')
  const commands = [...(await help(sandbox)).matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name)
  assert.deepEqual(
    [...page.matchAll(/^## ([a-z]+)$/gm)].map(([, name]) => name),
    commands.filter(name => name !== 'help')
  )
  for (const name of commands.filter(name => name !== 'help')) {
    for (const [option] of (await help(sandbox, name)).matchAll(/--(?!help)[a-z-]+/g))
      assert.ok(page.includes(`\`${option}`), `${option} of ${name}`)
  }
  const codes = [...page.matchAll(/^\| (\d) +\|/gm)].map(([, code]) => Number(code))
  assert.deepEqual(codes, Object.values(EXIT))
})

test('docs/operators.md has every metric', async t => {
  const sandbox = await Sandbox.open(t)
  const idle = CONFIG.replace(
    'exporters:\n',
    'exporters:\n  victoriametrics:\n  prometheus: { endpoint: 127.0.0.1:0 }\n  otlp: { endpoint: "http://127.0.0.1:1" }\n'
  )
    .replace('[clickhouse]', '[clickhouse, victoriametrics, prometheus, otlp]')
    .replace(
      'receivers:\n',
      'receivers:\n  prometheus: { scrape_configs: [{ job_name: a }] }\n  rules: { files: ["*.rules"], store: clickhouse }\n  prometheus_remote_write: { endpoint: 127.0.0.1:0 }\n'
    )
    .replace('[otlp, ', '[otlp, prometheus, prometheus_remote_write, rules, ')
    .replace('service:\n', 'service:\n  workers: 2\n  tenants: { default: shared }\n')
  const weir = await sandbox.start(idle)
  const page = readFileSync(path.join(ROOT, 'docs/operators.md'), 'utf8')
  const [table] = page.split('### Own metrics')[1].split('###')
  const told = [...table.matchAll(/^\| (.*?) +\|/gm)].flatMap(([, cell]) => cell.match(/(?<=`)\w+(?=`)/g) ?? [])
  const text = await (await fetch(`${weir.admin}/metrics`)).text()
  const own = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name)
  assert.deepEqual(told.sort(), own.sort())
})

async function check(
  t: TestContext,
  block: Block,
  next: Block | undefined,
  sandbox: Sandbox,
  weir: Weir
): Promise<void> {
  const lines = block.text.trimEnd().split('\n')
  const run: string[] = []
  for (const line of lines) {
    const special = CHECKED_OTHERWISE.find(([pattern]) => pattern.test(line))
    if (special === undefined) run.push(line)
    else special[1](line, sandbox)
  }
  if (run.length === 0) return t.diagnostic('not run as it stands')
  const { code, stdout, stderr } = await sandbox.run('bash', ['-euo', 'pipefail', '-c', script(run.join('\n'), weir)])
  const want = block.words[0] === 'exit' ? Number(block.words[1]) : 0
  assert.equal(code, want, `${block.text}\n${stdout}\n${stderr}`)
  if (next?.language === 'text' && run.length === lines.length) assertShown(want === 0 ? stdout : stderr, next)
}

/** The commands as they are run here: with this Weir and its ports. */
function script(commands: string, weir: Weir): string {
  const ports: Record<string, string | number> = {
    4318: new URL(weir.otlp).port,
    8080: new URL(weir.events).port,
    8125: weir.statsdPort,
    13133: new URL(weir.admin).port,
    13134: new URL(weir.queryApi).port
  }
  const own = commands.replaceAll(
    /(127\.0\.0\.1|localhost)([:/])(\d+)/g,
    (_, host, mark, port) => `${host}${mark}${ports[port]}`
  )
  return `
weir() { local admin=(); [ "$1" = query ] || [ "$1" = reload ] && admin=(--admin ${weir.admin}); '${process.execPath}' '${MAIN}' "$@" "\${admin[@]}"; }
npx() { "$@"; }
curl() { command curl -sS --fail-with-body "$@"; }
${own}`
}

/** `…` in what is shown stands for anything. */
function assertShown(seen: string, { text, ...block }: Block): void {
  const pattern = text.trimEnd().split('…').map(literal).join('[\\s\\S]*?')
  assert.match(seen.trimEnd(), new RegExp(`^${pattern}$`), where({ text, ...block }))
}

const literal = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')

async function help(sandbox: Sandbox, ...command: string[]): Promise<string> {
  return (await sandbox.weir(...command, '--help')).stdout
}

async function write(sandbox: Sandbox, name: string, text: string): Promise<string> {
  await writeFile(sandbox.path(name), text)
  return sandbox.path(name)
}

/** Its script and the cases that it names. */
function assertBenchmark(line: string): void {
  const [, , script, ...words] = line.split(' ')
  assert.ok(scripts()[script], line)
  for (const name of words.filter(word => word.includes('/'))) parseCase(name)
}

function fileOf(name: string, sandbox: Sandbox): string | undefined {
  return [path.join(ROOT, name), sandbox.path(name)].find(file => existsSync(file))
}

const manifest = () => JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
const scripts = (): Record<string, string> => manifest().scripts
