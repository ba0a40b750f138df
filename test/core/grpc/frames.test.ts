import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { GrpcServer } from '../../../core/grpc/server.ts'
import { ServerEvents } from '../../../core/http/connection-events.ts'
import { RequestError } from '../../../core/http/request-error.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'

const ECHO = '/test.Echo/Echo'
const LIMITS = { read_timeout: 60_000, idle_timeout: 60_000, max_connections_per_address: 4 }
/** Of a frame, unless a server allows more. */
const MOST_PAYLOAD = 16 * 1024
const FRAME_HEADER = 9
const DATA = 0
const HEADERS = 1
const SETTINGS = 4
const END_STREAM = 1
const ACK = 1
const END_HEADERS = 4
/** Long enough for what was written before to be one read. */
const READ_MS = 30

test('a frame may begin behind a message in the same read, of which the message is nearly all', async t => {
  const lengths: number[] = []
  const kept: Uint8Array[] = []
  const context = testContext()
  const server = new GrpcServer(
    { endpoint: '127.0.0.1:0', max_recv_msg_size: 64 * 1024, ...LIMITS },
    {
      methods: new Map([
        [
          ECHO,
          async (message, permit) => {
            permit.release()
            lengths.push(message.length)
            // Memory of that size which was given back is in use again at once.
            for (let i = 0; i < 8; i++) kept.push(new Uint8Array(MOST_PAYLOAD + 5).fill(0xff))
            return message.subarray(0, 1)
          }
        ]
      ]),
      elsewhere: ({ path }) => new RequestError(404, `no ${path}`)
    },
    context,
    new ServerEvents(context)
  )
  await server.start()
  t.after(() => server.stop(AbortSignal.abort()))
  const socket = await connected(server.address)
  t.after(() => socket.destroy())

  const message = messageOf(MOST_PAYLOAD + 95)
  const second = Buffer.concat([frame(HEADERS, END_HEADERS, 3, headers()), frame(DATA, END_STREAM, 3, messageOf(10))])
  const last = frame(DATA, END_STREAM, 1, message.subarray(100))
  const first = [frame(HEADERS, END_HEADERS, 1, headers()), frame(DATA, 0, 1, message.subarray(0, 100))]
  for (const part of [
    Buffer.concat([...first, last.subarray(0, FRAME_HEADER)]),
    Buffer.concat([last.subarray(FRAME_HEADER), second.subarray(0, 5)]),
    second.subarray(5)
  ]) {
    socket.write(part)
    await sleep(READ_MS)
  }
  await sleep(READ_MS)
  assert.deepEqual(lengths, [MOST_PAYLOAD + 95, 10])
})

async function connected(address: string): Promise<Socket> {
  const [host, port] = address.split(':')
  const socket = connect(Number(port), host).setNoDelay(true).resume()
  await once(socket, 'connect')
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0, Buffer.alloc(0))]))
  await sleep(READ_MS)
  socket.write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)))
  await sleep(READ_MS)
  return socket
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER)
  header.writeUIntBE(payload.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

/** Of a call, as literals that no table has. */
function headers(): Buffer {
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': ECHO,
    ':authority': 'test',
    'content-type': 'application/grpc',
    te: 'trailers'
  }
  const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)])
  return Buffer.concat(
    Object.entries(fields).map(([name, value]) => Buffer.concat([Buffer.of(0), text(name), text(value)]))
  )
}

/** A message of so many bytes with its prefix. */
function messageOf(length: number): Buffer {
  const message = Buffer.alloc(5 + length, 7)
  message[0] = 0
  message.writeUInt32BE(length, 1)
  return message
}
