import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { CreditPool, Permit } from '../batch/credits.ts'
import type { Tenant } from '../plugin/access.ts'
import { BESIDE_READ, giveBackIfAlone } from '../wire/own-memory.ts'
import { BodyBudget, noCredits, tooLarge } from './body-budget.ts'
import { decompress, type Encoding, encodingOf } from './compression.ts'
import { RequestError } from './request-error.ts'
import { turns } from './turns.ts'

export interface BodyLimits {
  readonly credits: CreditPool
  /** Bytes, of the body as it comes and as it is after decompression. */
  readonly maxBytes: number
  /** The option that sets `maxBytes`, for errors. */
  readonly option: string
  /** Encodings that are taken, instead of the usual ones. The first is that of a body whose headers name none. */
  readonly encodings?: readonly Encoding[]
}

/** @param option that sets `maxBytes`. A tenant may have a smaller limit of its own */
export function bodyLimits(
  credits: CreditPool,
  maxBytes: number,
  option: string,
  tenant: Tenant | undefined
): BodyLimits {
  if (tenant === undefined || tenant.maxBodySize >= maxBytes) return { credits, maxBytes, option }
  return { credits, maxBytes: tenant.maxBodySize, option: 'max_body_size of the tenant' }
}

/** The caller owns `permit`, whose credits cover the body at least: hand it to a batch or release it. */
export interface ReceivedBody {
  readonly body: Buffer
  readonly permit: Permit
}

/**
 * Reads a whole request body, decompressed; see {@link receive}. Throws also {@link RequestError} 415 for an unknown
 * encoding.
 */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<ReceivedBody> {
  const encoding = encodingOf('content-encoding', request.headers['content-encoding'], limits.encodings)
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > limits.maxBytes) throw tooLarge(limits.maxBytes, limits.option)
  return receive(request, limits, (sent, budget) =>
    encoding === 'identity' ? sent : decompress(encoding, sent, budget, 'content-encoding')
  )
}

/**
 * Reads a stream to its end, buying credits as it grows, unwraps it, and waits for the turn to decode it. Throws {@link
 * RequestError}: 413 over the limit, 400 cut off or damaged, 503 no credits. What it does not keep it has released.
 */
export async function receive(
  stream: Readable,
  { credits, maxBytes, option }: BodyLimits,
  unwrap: (sent: Buffer, budget: BodyBudget) => Buffer | Promise<Buffer>
): Promise<ReceivedBody> {
  // Credits are bought as bytes come: a client that announces much and sends nothing must not hold any.
  const permit = credits.tryTake(0)
  if (permit === undefined) throw noCredits()
  const budget = new BodyBudget(permit, maxBytes, credits.capacity, option)
  try {
    const sent = await collect(stream, budget)
    await turns.take()
    const body = await unwrap(sent, budget)
    // It may have been done in another thread.
    await turns.take()
    return { body, permit }
  } catch (error) {
    permit.release()
    throw error
  }
}

/** After an error the rest of the request is left to the server, which discards it. */
function collect(request: Readable, budget: BodyBudget): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const finish = () => {
      request.off('data', take).off('end', end).off('close', cutOff).off('error', cutOff)
      request.on('error', ignore)
    }
    const take = (chunk: Buffer) => {
      chunks.push(chunk)
      const wrong = budget.spend(chunk.length)
      if (wrong === undefined) return
      finish()
      reject(wrong)
    }
    const end = () => {
      finish()
      resolve(chunks.length === 1 ? chunks[0] : joined(chunks))
    }
    const cutOff = (cause?: Error) => {
      finish()
      reject(new RequestError(400, 'the connection ended before the body did', {}, { cause }))
    }
    request.on('data', take).on('end', end).on('close', cutOff).on('error', cutOff)
  })
}

function joined(chunks: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(chunks)
  for (const chunk of chunks) giveBackIfAlone(chunk, BESIDE_READ)
  return bytes
}

const ignore = () => {}
