import type { ServerHttp2Stream } from 'node:http2'
import { type BodyLimits, type ReceivedBody, receive } from '../http/body.ts'
import { decompress, encodingOf } from '../http/compression.ts'
import { RequestError } from '../http/request-error.ts'

// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests: one byte that says whether the message is
// compressed, and its length in four, before each message.
const PREFIX_BYTES = 5
const ENCODING = 'grpc-encoding'

/** Reads the one message of a unary call, decompressed; see {@link receive} for its memory and its errors. */
export function readMessage(stream: ServerHttp2Stream, header: string | undefined, limits: BodyLimits) {
  const encoding = encodingOf(ENCODING, header)
  return receive(stream, limits, (sent, budget): Buffer | Promise<Buffer> => {
    const message = messageOf(sent)
    if (sent[0] === 0) return message
    if (encoding === 'identity')
      throw new RequestError(400, `the message is compressed, but ${ENCODING} does not say how`)
    return decompress(encoding, message, budget, ENCODING)
  }) satisfies Promise<ReceivedBody>
}

function messageOf(sent: Buffer): Buffer {
  if (sent.length < PREFIX_BYTES) throw new RequestError(400, `the call has no message, only ${sent.length} bytes`)
  const length = sent.readUInt32BE(1)
  const there = sent.length - PREFIX_BYTES
  if (there === length) return sent.subarray(PREFIX_BYTES)
  const advice = there < length ? 'it was cut off' : 'send one message in a call'
  throw new RequestError(400, `the message should have ${length} bytes, but ${there} came: ${advice}`)
}

/** A message as it goes over the wire, not compressed. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length)
  framed[0] = 0
  framed.writeUInt32BE(message.length, 1)
  framed.set(message, PREFIX_BYTES)
  return framed
}
