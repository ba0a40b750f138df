import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import plugin from '../../../processors/enrich/index.ts'
import type { MapProcessor } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { parseItems, printItems } from '../../cases/items.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'weir-enrich-'))
after(() => rmSync(folder, { recursive: true }))

function written(name: string, text: string): string {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  return file
}

const created = (config: Record<string, unknown>, context = testContext()) =>
  plugin.create(testConfig(plugin, { attribute: 'user', ...config }), context) as MapProcessor

const start = (processor: MapProcessor) => processor.start!(new AbortController().signal)

for (const [name, text, message] of [
  ['short.csv', 'user,plan\nann\n', /short\.csv:2: Invalid Record Length/],
  ['quote.csv', 'user,plan\nann,pro\nbob,"free\n', /quote\.csv:3: Quote Not Closed/],
  ['column.csv', 'name,plan\nann,pro\n', /column\.csv:2: there is no column "user", or it is empty/],
  ['empty-key.csv', 'user,plan\nann,pro\n,free\n', /empty-key\.csv:3: there is no column "user", or it is empty/],
  ['twice.csv', 'user,plan\nann,pro\nann,free\n', /twice\.csv:3: "ann" stands in the table twice/],
  ['long.csv', 'user,plan\na,1\nb,1\nc,1\nd,1\n', /long\.csv: it has 4 rows, max_rows is 3/],
  ['broken.json', '{\n"a": {},,}', /broken\.json: .*line 2/],
  ['scalar.json', '7', /scalar\.json: expected a list or a mapping of rows/],
  ['row.json', '[{"user": "a"}, 7]', /row\.json: row 2: expected a mapping of columns/],
  ['deep.json', '{"a": {"b": {"c": 1}}}', /deep\.json: a: "b" is no text, number, true or false/],
  ['broken.yaml', 'ann: {\nbob: 1', /broken\.yaml:2: /]
] as const) {
  test(`does not start with ${name}`, async () => {
    await assert.rejects(start(created({ file: written(name, text), max_rows: 3 })), message)
  })
}

test('does not start where nothing has a column that is asked for', async () => {
  const file = written('columns.csv', 'user,plan\nann,pro\n')
  await assert.rejects(start(created({ file, columns: ['plan', 'paln'] })), /columns\.csv: no row has a column "paln"/)
  // What every object inherits is no column.
  await assert.rejects(start(created({ file, columns: ['constructor'] })), /no row has a column "constructor"/)
})

test('does not read a file that is larger than memory may be', async () => {
  const file = written('large.csv', '')
  truncateSync(file, 3 * 2 ** 30)
  await assert.rejects(start(created({ file })), /large\.csv: it has 3221225472 bytes, 67108864 are the most/)
})

test('does not start without the file', async () => {
  await assert.rejects(start(created({ file: path.join(folder, 'none.csv') })), /none\.csv cannot be read: ENOENT/)
})

for (const [config, message] of [
  [{ file: 'users.txt' }, /file: its name must end in one of \.csv, \.json, \.yaml, \.yml/],
  [{ file: 'a.csv', missing: 'defaults' }, /missing: there are no defaults/],
  [{ file: 'a.csv', defaults: { a: 1 } }, /defaults: they are for missing: defaults/],
  [{ file: 'a.csv', reload_interval: '10ms' }, /reload_interval: it must be 0 or at least 100ms/],
  [{ file: 'a.csv', match: { name: { regex: '(' } } }, /match\.name\.regex/]
] as const) {
  test(`refused: ${JSON.stringify(config)}`, () => {
    assert.throws(() => created(config), message)
  })
}

test('a changed file is used from the next look on, a bad one not, and a bad one may become good', async () => {
  const context = testContext()
  const file = written('users.csv', 'user,plan\nann,free\n')
  const enrich = created({ file, reload_interval: '1s' }, context)
  await start(enrich)
  const points = parseItems(['0s gauge open {user: ann} 1'], context.series)
  const seen = () => printItems(enrich.process(points))
  const of = (plan: string) => [`0s gauge open {plan: ${plan}, user: ann} 1`]
  assert.deepEqual(seen(), of('free'))
  for (const [text, plan, state] of [
    ['user,plan\nann,enterprise\n', 'enterprise', 'ok'],
    ['user,plan\nann\n', 'enterprise', 'degraded'],
    ['user,plan\nann,pro\nbob,pro\n', 'pro', 'ok']
  ] as const) {
    const before = seen()
    writeFileSync(file, text)
    assert.deepEqual(seen(), before, 'not before it is looked at')
    context.clock.advance(1000)
    assert.deepEqual(seen(), of(plan))
    assert.equal(context.state.state, state)
  }
  rmSync(file)
  context.clock.advance(1000)
  assert.deepEqual(seen(), of('pro'))
  assert.match(context.state.reason!, /as it was is still in use: .*users\.csv cannot be read/)
  await enrich.stop!(new AbortController().signal)
  assert.equal(context.clock.nextTimer, Number.POSITIVE_INFINITY)
})

test('with an interval of 0 the file is looked at once', async () => {
  const context = testContext()
  await start(created({ file: written('once.csv', 'user,plan\nann,free\n'), reload_interval: '0' }, context))
  assert.equal(context.clock.nextTimer, Number.POSITIVE_INFINITY)
})
