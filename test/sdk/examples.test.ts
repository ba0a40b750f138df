// The examples in the READMEs of clients run as they stand, but for the endpoint and the place of their imports.
import assert from 'node:assert/strict'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { blocksOf } from '../docs/blocks.ts'
import { eventually } from '../e2e/eventually.ts'
import { ROOT, Sandbox } from '../e2e/weir-process.ts'
import { requireNpmPackage } from '../servers/npm-package.ts'
import { requireProgram } from '../servers/program.ts'
import { WEIR } from './client-config.ts'

const fastify = await requireNpmPackage('fastify', '5.12.8')
const python = await requireProgram({ binary: 'python3', hint: 'See https://www.python.org/downloads' })
const PLACES: Readonly<Record<string, string>> = {
  'weir-client': path.join(ROOT, 'sdk/client/index.ts'),
  'weir-client/express': path.join(ROOT, 'sdk/client/express/index.ts'),
  'weir-client/fastify': path.join(ROOT, 'sdk/client/express/fastify.ts'),
  'weir-client/opentelemetry': path.join(ROOT, 'sdk/client/opentelemetry/index.ts'),
  fastify: path.join(fastify.path, 'fastify.js')
}
/** Requests for the applications of the examples. */
const ASK_EXPRESS = `
const server = app.listen(0, async () => {
  await fetch('http://127.0.0.1:' + server.address().port + '/users/7')
  server.close()
  await client.close()
})`
const ASK_FASTIFY = `
const url = await app.listen({ port: 0 })
await fetch(url + '/users/7')
await app.close()
await client.close()`
const REQUEST = /^http_server_request_duration_seconds_count\{.*http_route="\/users\/:id",job="shop"\} 1$/m

const NODE = [process.execPath, '--input-type=module', '--eval']
const PYTHON = [
  'env',
  `PYTHONPATH=${path.join(ROOT, 'sdk/python/src')}`,
  'PYTHONDONTWRITEBYTECODE=1',
  python.path,
  '-c'
]

test('OpenTelemetry', t =>
  assertStores(t, NODE, script('sdk/client/opentelemetry/README.md'), [/^shop_orders_total\{.*country="de".*\} 1$/m]))

test('Express', t => assertStores(t, NODE, script('sdk/client/express/README.md') + ASK_EXPRESS, [REQUEST]))

test('Fastify', { skip: fastify.skip }, t =>
  assertStores(t, NODE, script('sdk/client/express/README.md', 1) + ASK_FASTIFY, [REQUEST])
)

test('Python', { skip: python.skip }, t => {
  const [{ text }] = blocksOf('sdk/python/README.md').filter(({ language }) => language === 'python')
  return assertStores(t, PYTHON, text, [
    /^signups_total\{job="shop",plan="pro"\} 1$/m,
    /^queue_depth\{job="shop",queue="mail"\} 12$/m,
    /^checkout_duration_milliseconds_sum\{job="shop"\} 87\.5$/m,
    /^order_total\{country="de",.*service_name="shop"\} 1$/m
  ])
})

/** The example of a page that comes at this place, with imports that lead to the sources. */
function script(page: string, at = 0): string {
  const { text } = blocksOf(page).filter(({ language }) => language === 'js')[at]
  return text.replaceAll(/(?<= from ')[^']+(?=')/g, name => (name in PLACES ? pathToFileURL(PLACES[name]).href : name))
}

/** Runs a program that sends to port 4318, and waits until Weir has what it sent. */
async function assertStores(
  t: TestContext,
  command: readonly string[],
  text: string,
  wanted: readonly RegExp[]
): Promise<void> {
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(WEIR)
  assert.ok(text.includes('http://127.0.0.1:4318'))
  const [program, ...args] = [...command, text.replaceAll('http://127.0.0.1:4318', new URL(weir.otlp).origin)]
  const { code, stdout, stderr } = await sandbox.run(program, args, ROOT)
  assert.equal(code, 0, stdout + stderr)
  let seen = ''
  const isStored = async () => {
    seen = await (await fetch(weir.prometheus)).text()
    return wanted.every(pattern => pattern.test(seen))
  }
  await eventually('all is stored', isStored).catch(error => assert.fail(`${error.message}\n${seen}`))
}
