/** A message from Weir to the process of the embedded engine. */
export type Request =
  | {
      readonly kind: 'run'
      readonly id: number
      readonly sql: string
      readonly format: string
      /** Run before it, on a connection that ends with it. Without, the connection is shared. */
      readonly session?: readonly string[]
    }
  /** The next piece of an answer; the first comes by itself. */
  | { readonly kind: 'more'; readonly id: number }
  /** Nobody waits for the answer any more. A statement with a session is killed. */
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'end' }

/** A message from that process to Weir. */
export type Reply =
  | { readonly kind: 'ready' }
  /** The folder did not open; the process ends. */
  | { readonly kind: 'closed'; readonly message: string }
  | { readonly kind: 'piece'; readonly id: number; readonly bytes: Uint8Array; readonly isLast: boolean }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
