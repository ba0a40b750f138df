/** A query of Prometheus's scripts that has another result here, on purpose. */
export interface LeftOut {
  /** Name of the script, without the folder. */
  readonly file: string
  /** Counts from 1. Undefined: the whole script. */
  readonly line: number | undefined
  readonly reason: string
}

export const LEFT_OUT: readonly LeftOut[] = []
