import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { jsonMemory } from '../../../core/wire/json-scan.ts'
import { assertLinear } from '../../growth.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const COUNT = 50_000
/** Prices may be this many times too high: a request is turned away that might have passed. */
const MOST_OVER = 4.5

const list = (element: (i: number) => string, count = COUNT) =>
  `[${Array.from({ length: count }, (_, i) => element(i)).join()}]`
const keys = (i: number, count: number) =>
  `{${Array.from({ length: count }, (_, k) => `"k${(i * count + k).toString(36)}":1`).join()}}`
/** Ten keys in an order that depends on `i`. */
function permuted(i: number): string {
  const rest = [...'abcdefghij']
  let number = i * 7919
  let text = ''
  while (rest.length > 0) {
    text += `${text === '' ? '' : ','}"${rest.splice(number % rest.length, 1)}":1`
    number = Math.floor(number / 3) + i
  }
  return `{${text}}`
}

describe('the price of JSON is the memory that its values take', () => {
  const cases: [string, string][] = [
    ['empty objects', list(() => '{}')],
    ['empty lists', list(() => '[]')],
    ['lists in lists', list(() => '['.repeat(50) + ']'.repeat(50), COUNT / 50)],
    ['fractions', `["",${list(() => '1.5', 200_000).slice(1)}`],
    ['large integers', `["",${list(i => String(1e12 + i), 200_000).slice(1)}`],
    ['texts', list(i => `"${i.toString(36)}"`)],
    ['texts beyond Latin-1', list(i => `"${String(i).padStart(20, '値')}"`)],
    ['objects of one key', list(i => `{"a":${i}.5}`)],
    ['objects that all have another key', list(i => keys(i, 1))],
    ['objects that all have ten other keys', list(i => keys(i, 10), COUNT / 10)],
    ['the same keys, each time in another order', list(permuted, COUNT / 10)],
    ['numbers as keys', list(i => `{"${i * 50}":1}`)],
    ['points of OTLP', list(i => `{"asInt":"1","attributes":[{"key":"http.method","value":{"stringValue":"v${i}"}}]}`)]
  ]
  for (const [name, text] of cases) {
    it(name, () => {
      collectGarbage()
      const before = process.memoryUsage().heapUsed
      const value: unknown = JSON.parse(text)
      collectGarbage()
      const bytes = process.memoryUsage().heapUsed - before
      const price = jsonMemory(text)
      assert.ok(price > bytes * 0.9 && price < bytes * MOST_OVER, `${price} for ${bytes} bytes`)
      assert.ok(value)
    })
  }
})

it('an ordinary request of 20 MiB fits into the default limit', () => {
  const text = list(i => {
    const attributes = list(k => `{"key":"http.attribute.${k}","value":{"stringValue":"value ${i}"}}`, 5)
    return `{"asInt":"1","startTimeUnixNano":"1760000000000000000","timeUnixNano":"1760000000000000000","attributes":${attributes}}`
  })
  const bodies = (20 * 2 ** 20) / text.length
  assert.ok((jsonMemory(text) + text.length) * bodies < 128 * 2 ** 20, `${jsonMemory(text) / text.length} bytes a byte`)
})

it('a text that takes more than there may be is not looked at to its end', () => {
  const memory = jsonMemory(
    list(() => '{}'),
    10_000
  )
  assert.ok(memory > 10_000 && memory < 11_000, `${memory}`)
})

it('damaged JSON has a price too', () => {
  for (const text of [']]]]', '{}}', '":":":', '"\\', ',,,', '::'])
    assert.ok(jsonMemory(text) >= 0 && jsonMemory(text) < 1000, text)
  assert.ok(jsonMemory(`{"${'x'.repeat(1000)}"${':'.repeat(10_000)}}`) >= 1000)
})

it('a text that is blank or cut off is told so without the parser', () => {
  for (const text of ['', ' \r\n', ' '.repeat(100_000)])
    assert.throws(() => jsonMemory(text), { name: 'BadInputError', message: 'not JSON: it is empty: send a value' })
  assert.throws(() => jsonMemory('{"a":[1,{"b":'), {
    name: 'BadInputError',
    message: 'not JSON: it ends at character 13 with 3 lists and objects still open: send all of it'
  })
})

it('time is linear in the size of the text', () => {
  assertLinear('objects of new keys', 20_000, times => list(i => keys(i, 1), times), jsonMemory)
})
