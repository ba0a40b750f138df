import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { ReadStream, WriteStream } from 'node:tty'
import { Screen } from '../../../../core/cli/top/screen.ts'

const ESCAPE = String.fromCharCode(27)

function terminal({ rows = 6, columns = 20, isTTY = true } = {}) {
  const raw: boolean[] = []
  const input = new PassThrough()
  Object.assign(input, { isTTY, setRawMode: (isRaw: boolean) => raw.push(isRaw) && input })
  const output = Object.assign(new PassThrough(), { rows, columns })
  const screen = new Screen(input as never as ReadStream, output as never as WriteStream)
  const drawn = () => String(output.read() ?? '').replaceAll(ESCAPE, '^')
  return { screen, input, output, raw, drawn }
}

for (const [name, key] of [
  ['q', 'q'],
  ['Ctrl-C', String.fromCharCode(3)]
])
  test(`${name} ends it, and the terminal is as before`, async () => {
    const { screen, input, raw, drawn } = terminal()
    assert.match(drawn(), /^\^\[\?1049h\^\[\?25l/)
    input.write('x')
    input.write(key)
    await screen.ended
    screen.close()
    assert.equal(drawn(), '^[?25h^[?1049l')
    assert.deepEqual(raw, [true, false])
    assert.equal(process.listenerCount('SIGINT'), 0)
  })

test('SIGTERM ends it, and an input that is no keyboard is left alone', async () => {
  const { screen, input, raw } = terminal({ isTTY: false })
  process.emit('SIGTERM')
  await screen.ended
  screen.close()
  assert.deepEqual([raw, input.listenerCount('data')], [[], 0])
})

test('lines are cut to the size of the terminal, and drawn anew when that changes', () => {
  const { screen, output, drawn } = terminal({ rows: 4, columns: 8 })
  drawn()
  screen.show(['123456789', 'b', 'c', 'd'])
  assert.equal(drawn(), '^[H12345678^[K\r\nb^[K\r\nand 2 mo^[K\r\n^[Jq: end')
  Object.assign(output, { rows: 10, columns: 80 })
  output.emit('resize')
  assert.equal(drawn(), '^[H123456789^[K\r\nb^[K\r\nc^[K\r\nd^[K\r\n^[Jq: end')
  screen.close()
})
