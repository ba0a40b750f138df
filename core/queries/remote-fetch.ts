import type { MessagePort } from 'node:worker_threads'
import { QueryError, TooMuchError } from '../promql/query-error.ts'
import type { FromQueryThread, ToQueryThread } from './messages.ts'
import type { PlainQueryError } from './requests.ts'

type Piece = Extract<ToQueryThread, { kind: 'piece' | 'failed' }>

/** Fetches bytes from the store's owner in the main thread, piece by piece. */
export class RemoteFetch {
  readonly #port: MessagePort
  readonly #open = new Map<number, (piece: Piece) => void>()
  #fetches = 0

  constructor(port: MessagePort) {
    this.#port = port
  }

  /** A message for a fetch that is over is ignored. */
  receive(piece: Piece): void {
    this.#open.get(piece.fetch)?.(piece)
  }

  /** The bytes of the answer to `request`. Throws a {@link QueryError}, or the reason of `signal`. */
  async *fetch(request: string, signal: AbortSignal): AsyncGenerator<Uint8Array, undefined> {
    signal.throwIfAborted()
    const fetch = ++this.#fetches
    let isOver = false
    let next = this.#next(fetch, signal)
    this.#post({ kind: 'fetch', fetch, request })
    try {
      for (;;) {
        const piece = await next
        isOver = piece.kind === 'failed' || piece.isLast
        if (piece.kind === 'failed') throw errorOf(piece.error)
        if (piece.isLast) return undefined
        next = this.#next(fetch, signal)
        // The next piece comes while this one is read. Its failure is met when it is awaited.
        next.catch(() => {})
        this.#post({ kind: 'more', fetch })
        yield piece.bytes
      }
    } finally {
      this.#open.delete(fetch)
      if (!isOver) this.#post({ kind: 'stop', fetch })
    }
  }

  #next(fetch: number, signal: AbortSignal): Promise<Piece> {
    const { promise, resolve, reject } = Promise.withResolvers<Piece>()
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    this.#open.set(fetch, piece => {
      signal.removeEventListener('abort', abort)
      resolve(piece)
    })
    return promise
  }

  #post(message: FromQueryThread): void {
    this.#port.postMessage(message)
  }
}

function errorOf({ kind, message, isTooMuch }: PlainQueryError): QueryError {
  return isTooMuch ? new TooMuchError(message) : new QueryError(kind, message)
}
