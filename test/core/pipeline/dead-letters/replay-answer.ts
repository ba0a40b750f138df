import type { EndedReplay } from '../../../../core/pipeline/dead-letters/replay.ts'

/** What `weir dlq replay` tells, in all. */
export interface ReplayReport {
  /** Letters delivered and removed, and the items in them. */
  readonly delivered: number
  readonly items: number
  readonly failed: readonly { readonly number: number; readonly error: string }[]
}

/** The response to a request for a replay, as the route writes it. */
export class ReplayAnswer {
  isEnded = false
  /** Set when the client has gone away. */
  destroyed = false
  readonly told: EndedReplay[] = []

  type(): this {
    return this
  }

  flushHeaders(): void {}

  write(line: string): void {
    this.told.push(JSON.parse(line))
  }

  end(): void {
    this.isEnded = true
  }

  get report(): ReplayReport {
    const delivered = this.told.filter(ended => 'items' in ended)
    return {
      delivered: delivered.length,
      items: delivered.reduce((sum, { items }) => sum + items, 0),
      failed: this.told.filter(ended => 'error' in ended)
    }
  }
}
