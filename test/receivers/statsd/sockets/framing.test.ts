import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Framing, MAX_FRAME_BYTES } from '../../../../receivers/statsd/sockets/framing.ts'

/** The lines that a connection brings, and its refusals. @param pieces of its bytes */
function received(pieces: readonly Buffer[], isWhole = true) {
  const lines: string[] = []
  const refused: string[] = []
  const framing = new Framing(
    bytes => lines.push(...bytes.toString().split('\n').filter(Boolean)),
    reason => refused.push(reason)
  )
  const readable = pieces.every(piece => framing.push(piece))
  framing.end(isWhole)
  return { lines, refused, readable }
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map(place => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

function packet(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return Buffer.concat([length, bytes])
}

const LINE = fc.stringMatching(/^[a-z]{1,9}:[0-9]{1,4}\|c$/)
const PLACES = fc.array(fc.nat(500), { maxLength: 12 })

test('lines and packets arrive whole, wherever the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(LINE, { minLength: 1, maxLength: 9 }), PLACES, fc.boolean(), (lines, places, isPacked) => {
      const bytes = isPacked ? Buffer.concat(lines.map(packet)) : Buffer.from(lines.join('\n'))
      assert.deepEqual(received(cut(bytes, places)), { lines, refused: [], readable: true })
    })
  )
})

test('any bytes, cut anywhere, are read the same', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), PLACES, (bytes, places) => {
      const whole = Buffer.from(bytes)
      assert.deepEqual(received(cut(whole, places)), received([whole]))
    })
  )
})

test('the end of a connection that was cut off is refused', () => {
  assert.deepEqual(received([Buffer.from('hits:10|c\nhits:1')], false).refused, ['cut_off'])
  assert.deepEqual(received([Buffer.from('hits:10|c\n')], false).refused, [])
  assert.deepEqual(received([packet('hits:10|c').subarray(0, 9)]).refused, ['cut_off'])
})

test('a line that is too long is refused once, and those after it are read', () => {
  const long = Buffer.alloc(3 * MAX_FRAME_BYTES, 'x')
  const pieces = cut(Buffer.concat([Buffer.from('a:1|c\n'), long, Buffer.from('\nb:1|c\n')]), [40_000, 90_000, 150_000])
  assert.deepEqual(received(pieces), { lines: ['a:1|c', 'b:1|c'], refused: ['too_long'], readable: true })
})

test('a packet that is too long ends the connection', () => {
  const tooLong = Buffer.from([0, 0, 1, 0])
  assert.deepEqual(received([packet('a:1|c'), tooLong]), { lines: ['a:1|c'], refused: ['too_long'], readable: false })
})
