import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import express from 'express'
import type { DashboardList } from '../../../../core/admin/dashboards/dashboard.ts'
import { DashboardFolder } from '../../../../core/admin/dashboards/folder.ts'
import { dashboardRoutes } from '../../../../core/admin/dashboards/routes.ts'

const GOOD = '{ "title": "Mine", "rows": [{ "panels": [] }] }'
const OTHER = GOOD.replace('Mine', 'Other')
const READY_MADE = ['product-events', 'quickstart', 'weir']

async function served(t: TestContext, { folder = 'dashboards', isWritable = true } = {}) {
  const root = await mkdtemp(path.join(tmpdir(), 'weir-dashboards-'))
  const server = createServer(
    express().use('/d', dashboardRoutes(new DashboardFolder(isWritable ? path.join(root, folder) : undefined)))
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(async () => {
    server.closeAllConnections()
    server.close()
    await rm(root, { recursive: true })
  })
  const { port } = server.address() as AddressInfo
  const ask = async (method: string, name = '', headers: Record<string, string> = {}, body?: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/d/${name}`, { method, headers, body })
    return { status: response.status, version: response.headers.get('etag') ?? '', text: await response.text() }
  }
  const list = async () => JSON.parse((await ask('GET')).text) as DashboardList
  return { ask, list, file: (...names: string[]) => path.join(root, folder, ...names) }
}

const IS_NEW = { 'if-none-match': '*' }

test('ready-made dashboards are there without a folder, and nothing can be changed', async t => {
  const { ask, list } = await served(t, { isWritable: false })
  const { isWritable, dashboards } = await list()
  assert.equal(isWritable, false)
  assert.deepEqual(
    dashboards.map(({ name, source, problems }) => [name, source, problems]),
    READY_MADE.map(name => [name, 'ready-made', []])
  )
  const { status, version, text } = await ask('GET', 'weir')
  assert.deepEqual([status, JSON.parse(text).title], [200, 'Weir itself'])
  const refused = await ask('PUT', 'weir', { 'if-match': version }, GOOD)
  assert.equal(refused.status, 403)
  assert.match(refused.text, /name a folder for them in service\.admin\.dashboards/)
})

test('a dashboard is made, changed and removed, each with the version that it changes', async t => {
  const { ask, list, file } = await served(t)
  assert.equal((await list()).isWritable, true)
  const made = await ask('PUT', 'mine', IS_NEW, GOOD)
  assert.equal(made.status, 201, made.text)
  assert.equal(await readFile(file('mine.json'), 'utf8'), GOOD)
  assert.deepEqual(await ask('GET', 'mine'), { status: 200, version: made.version, text: GOOD })
  assert.equal((await ask('PUT', 'mine', IS_NEW, OTHER)).status, 412)
  const changed = await ask('PUT', 'mine', { 'if-match': made.version }, OTHER)
  assert.deepEqual([changed.status, changed.version === made.version], [204, false])
  const late = await ask('PUT', 'mine', { 'if-match': made.version }, GOOD)
  assert.deepEqual(
    [late.status, late.text],
    [412, 'the dashboard mine is not the one that was changed: load it again, or save a copy of another name\n']
  )
  assert.equal((await ask('PUT', 'mine', {}, GOOD)).status, 428)
  assert.equal((await ask('DELETE', 'mine', { 'if-match': made.version })).status, 412)
  assert.equal((await ask('DELETE', 'mine')).status, 428)
  assert.equal((await ask('DELETE', 'mine', { 'if-match': changed.version })).status, 204)
  assert.equal((await ask('GET', 'mine')).status, 404)
  assert.match((await ask('PUT', 'mine', { 'if-match': made.version }, GOOD)).text, /somebody has removed it/)
  assert.deepEqual(await readdir(file()), [], 'no file is left behind')
})

test('of changes that come at once one is made, and the others are refused', async t => {
  const { ask } = await served(t)
  const { version } = await ask('PUT', 'mine', IS_NEW, GOOD)
  const titles = Array.from({ length: 8 }, (_, i) => `Title ${i}`)
  const changes = await Promise.all(
    titles.map(title => ask('PUT', 'mine', { 'if-match': version }, GOOD.replace('Mine', title)))
  )
  const made = changes.findIndex(({ status }) => status === 204)
  assert.deepEqual(changes.map(({ status }) => status).sort(), [204, ...new Array(7).fill(412)])
  assert.equal(JSON.parse((await ask('GET', 'mine')).text).title, titles[made])
})

test('a file goes before the ready-made dashboard of its name, which is there again when it is removed', async t => {
  const { ask, list } = await served(t)
  const ready = await ask('GET', 'weir')
  const kept = await ask('DELETE', 'weir', { 'if-match': ready.version })
  assert.deepEqual(
    [kept.status, kept.text],
    [409, 'the dashboard weir comes with Weir, and there is no file of it to remove\n']
  )
  const own = await ask('PUT', 'weir', { 'if-match': ready.version }, GOOD)
  assert.equal(own.status, 204, own.text)
  const summary = async () => (await list()).dashboards.find(({ name }) => name === 'weir')!
  assert.deepEqual(await summary(), { name: 'weir', title: 'Mine', source: 'file', problems: [] })
  assert.equal((await ask('DELETE', 'weir', { 'if-match': own.version })).status, 204)
  assert.equal((await summary()).source, 'ready-made')
})

test('a broken file is listed with its problems, and its text can be had', async t => {
  const { ask, list, file } = await served(t)
  await mkdir(file('folder.json'), { recursive: true })
  await writeFile(file('bad.json'), '{ "title": "Bad",\n"rows": 7 }')
  await writeFile(file('huge.json'), ' '.repeat(300_000))
  await writeFile(file('no name.json'), GOOD)
  await writeFile(file('other.txt'), GOOD)
  await symlink(file('nothing'), file('dangling.json'))
  const broken = (await list()).dashboards.filter(({ source }) => source === 'file')
  assert.deepEqual(
    broken.map(({ name, title, problems }) => [
      name,
      title,
      ...problems.map(({ line, message }) => `${line}: ${message}`)
    ]),
    [
      ['bad', 'Bad', '2: rows: expected a list, got 7'],
      ['folder', '', '1: it is no file'],
      ['huge', '', '1: the file has 300000 bytes, and 262144 is the most: make two of it']
    ]
  )
  assert.match((await ask('GET', 'bad')).text, /"rows": 7/)
  const problemsOf = async (name: string) => (await list()).dashboards.find(one => one.name === name)!.problems
  assert.deepEqual(await problemsOf('bad'), broken[0].problems)
  await writeFile(file('bad.json'), GOOD)
  assert.deepEqual(await problemsOf('bad'), [])
})

test('of very many files the first are listed, and all that come with Weir; one more is refused', async t => {
  const { ask, list, file } = await served(t)
  await mkdir(file(), { recursive: true })
  for (let i = 0; i < 502; i++) await writeFile(file(`a${String(i).padStart(3, '0')}.json`), GOOD)
  const { dashboards, folderProblem } = await list()
  assert.equal(folderProblem, 'there are 502 dashboards in it, and the first 500 are listed: remove some')
  assert.equal(dashboards.length, 500 + READY_MADE.length)
  const refused = await ask('PUT', 'another', IS_NEW, GOOD)
  assert.equal(refused.status, 409)
  assert.match(refused.text, /there are 502 dashboards, and 500 is the most: remove one/)
  const [{ name }] = dashboards.filter(({ source }) => source === 'file')
  const { version } = await ask('GET', name)
  assert.equal((await ask('PUT', name, { 'if-match': version }, OTHER)).status, 204)
  assert.deepEqual(
    dashboards.slice(-3).map(({ name }) => name),
    READY_MADE
  )
})

test('a dashboard that is wrong is not saved', async t => {
  const { ask, file } = await served(t)
  const wrong = await ask('PUT', 'mine', IS_NEW, '{ "title": "Mine",\n  "row": [] }')
  assert.deepEqual(
    [wrong.status, wrong.text],
    [
      422,
      'mine.json:1:1: missing option "rows": Rows of panels.\nmine.json:2:4: unknown option "row"; did you mean "rows"?\n'
    ]
  )
  const large = await ask('PUT', 'mine', IS_NEW, ' '.repeat(300_000))
  assert.deepEqual([large.status, large.text], [413, 'a dashboard has at most 262144 bytes: make two of it\n'])
  await assert.rejects(readdir(file()), { code: 'ENOENT' })
})

test('no name leads out of the folder', async t => {
  const { ask } = await served(t)
  for (const name of ['..%2fmine', '%2e%2e%2fmine', '.mine', 'a%5cb', 'a%00', 'a b', 'x'.repeat(101), '%2e%2e']) {
    const { status, text } = await ask('PUT', name, IS_NEW, GOOD)
    assert.equal(status, name === '%2e%2e' ? 404 : 400, `${name}: ${text}`)
  }
})

test('a folder that cannot be written is told', async t => {
  const { ask, list, file } = await served(t, { folder: 'file/dashboards' })
  await writeFile(path.dirname(file()), '')
  const { folderProblem, dashboards } = await list()
  assert.match(folderProblem!, /ENOTDIR/)
  assert.deepEqual(
    dashboards.map(({ name }) => name),
    READY_MADE
  )
  const { status, text } = await ask('PUT', 'mine', IS_NEW, GOOD)
  assert.equal(status, 500)
  assert.match(text, /cannot be .*ENOTDIR/)
})
