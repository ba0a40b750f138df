/** Something has no twin, or cannot be read; the message is the end of a sentence for people. */
export class NoTwin extends Error {}

/** Calls `read`; what has no twin goes to `otherwise`. Other errors are thrown. */
export function orNoTwin<T>(read: () => T, otherwise: (reason: string) => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof NoTwin)) throw error
    return otherwise(error.message)
  }
}
