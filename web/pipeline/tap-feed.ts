import { getStream } from '../app/api.ts'
import type { Selection } from './selection.ts'

const RETRY_MS = 2000

/** An item as `GET /api/tap` has it. */
export interface TapItem {
  readonly type: 'point' | 'event'
  readonly time: string
  readonly name: string
  readonly kind?: string
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly resource?: Readonly<Record<string, string | number | boolean>>
  readonly value: number | string
  readonly count?: number
  readonly skipped?: number
}

interface End {
  readonly type: 'end'
  readonly reason: string
}

/** Follows the items of an edge until `signal`. After an error or an end it tries again. */
export async function followTap(
  { component, pipeline }: Selection,
  side: string,
  signal: AbortSignal,
  onItem: (item: TapItem) => void,
  onProblem: (message: string) => void
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { body } = await getStream('/api/tap', { query: { component, pipeline, side }, signal })
      onProblem('')
      for await (const line of linesOf(body!)) {
        const item = JSON.parse(line) as TapItem | End
        if (item.type === 'end') onProblem(item.reason)
        else onItem(item)
      }
    } catch (error) {
      if (!signal.aborted) onProblem((error as Error).message)
    }
    if (!signal.aborted) await new Promise(resolve => setTimeout(resolve, RETRY_MS))
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
  let rest = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    const lines = (rest + value).split('\n')
    rest = lines.pop()!
    yield* lines
  }
}
