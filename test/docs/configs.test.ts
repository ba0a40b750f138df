import assert from 'node:assert/strict'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { builtIns } from '../../built-ins.ts'
import { readConfig } from '../../core/config/validate.ts'
import { Registry } from '../../core/plugin/registry.ts'
import { ROOT } from '../e2e/weir-process.ts'
import { type Block, blocksOf, showsFile, where } from './blocks.ts'

const PAGES = [
  'README.md',
  ...globSync(['docs/*.md', '{receivers,processors,exporters,extensions}/*/README.md', 'sdk/**/README.md'], {
    cwd: ROOT
  })
]
const BLOCKS = PAGES.flatMap(blocksOf)
/** Not for Weir, by the word that says so: what must stand in it. */
const FOREIGN = {
  collector: /exporters:\n {2}otlphttp\/weir:\n {4}metrics_endpoint: http:\/\/\S+:4318\/v1\/metrics\n/,
  prometheus: /remote_write:\n {2}- url: http:\/\/\S+:9091\/api\/v1\/write\n/,
  // Commands of the page read them.
  rules: /^(?:groups|rule_files):\n/,
  tests: /^config: /,
  aggregation: /^- match: /m
}
/** What a fragment is merged over: enough to be complete. */
const REST = `
receivers: { otlp: }
exporters: { debug: }
service: { pipelines: { rest: { receivers: [otlp], exporters: [debug] } } }
`
/** And one that asks an exporter's store. */
const STORE = `
exporters: { clickhouse: { embedded: ./data } }
service: { pipelines: { stored: { receivers: [otlp], exporters: [clickhouse] } } }
`

const folder = await mkdtemp(path.join(tmpdir(), 'weir-docs-'))
after(() => rm(folder, { recursive: true }))

for (const block of BLOCKS.filter(({ language }) => language === 'yaml')) {
  test(where(block), async () => {
    for (const [whose, pattern] of Object.entries(FOREIGN))
      if (block.words.includes(whose)) return assert.match(block.text, pattern)
    const problems = await problemsOf(block)
    if (block.words.includes('broken')) assert.notDeepEqual(problems, [])
    else assert.deepEqual(problems, [])
  })
}

// Others of clients are run by test/sdk/examples.test.ts.
const shown = BLOCKS.filter(({ page, file }) => !page.startsWith('sdk/') || file !== undefined)
for (const block of shown.filter(block => ['ts', 'js'].includes(block.language) || showsFile(block))) {
  test(`${where(block)} is the file it shows`, () => {
    assert.ok(showsFile(block), 'it must name a file of the repository')
    assert.equal(block.text, readFileSync(path.join(ROOT, block.file!), 'utf8'))
  })
}

test('every example has a test', () => {
  const examples = globSync('docs/examples/*.{js,ts}', { cwd: ROOT }).map(file => path.basename(file))
  const [tests, programs] = ['.test.ts', ''].map(end =>
    examples.filter(file => file.endsWith('.test.ts') === (end !== ''))
  )
  const texts = tests.map(file => readFileSync(path.join(ROOT, 'docs/examples', file), 'utf8'))
  for (const file of programs)
    assert.ok(
      texts.some(text => text.includes(`${file}'`)),
      file
    )
})

/** As `weir validate` prints them. Variables without a default are taken as set. */
async function problemsOf(block: Block): Promise<string[]> {
  const env = Object.fromEntries([...block.text.matchAll(/\$\{env:(\w+)\}/g)].map(([, name]) => [name, 'x']))
  const files = showsFile(block) ? [path.join(ROOT, block.file!)] : [written('block.yaml', block.text)]
  if (isFragment(block)) files.unshift(written('rest.yaml', REST))
  if (isFragment(block) && block.text.includes('store: clickhouse')) files.unshift(written('store.yaml', STORE))
  const { problems } = await readConfig(files, env, new Registry(builtIns))
  const lines = problems.format().split('\n').filter(Boolean)
  // Nothing uses what a fragment defines.
  return isFragment(block) ? lines.filter(line => !line.includes('is not used by any pipeline')) : lines
}

function written(name: string, text: string): string {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  return file
}

/** In READMEs of components, also what has no `service`. */
function isFragment({ words, page, text }: Block): boolean {
  return (
    words.includes('fragment') ||
    (/^(receivers|processors|exporters|extensions)\//.test(page) && !/^service:/m.test(text))
  )
}
