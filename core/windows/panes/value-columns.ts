// Columns of a pane that only some aggregations need. Rows are those of the pane's table.

export interface SavedExtremes {
  readonly mins: Float64Array
  readonly maxs: Float64Array
}

/** The least and the greatest value of each row; NaN once unknown of one. */
export class Extremes implements SavedExtremes {
  readonly mins: Float64Array
  readonly maxs: Float64Array

  constructor(capacity: number) {
    this.mins = new Float64Array(capacity).fill(Number.POSITIVE_INFINITY)
    this.maxs = new Float64Array(capacity).fill(Number.NEGATIVE_INFINITY)
  }

  extend(at: number, min: number, max: number): void {
    this.mins[at] = Math.min(this.mins[at], min)
    this.maxs[at] = Math.max(this.maxs[at], max)
  }

  restore(at: number, { mins, maxs }: SavedExtremes, from: number): void {
    this.mins[at] = mins[from]
    this.maxs[at] = maxs[from]
  }
}

export interface SavedLatest {
  readonly times: Float64Array
  readonly values: Float64Array
}

/** The last value of each row by time; of several at the same time the greatest, in whatever order they come. */
export class Latest implements SavedLatest {
  readonly times: Float64Array
  readonly values: Float64Array

  constructor(capacity: number) {
    this.times = new Float64Array(capacity).fill(Number.NEGATIVE_INFINITY)
    this.values = new Float64Array(capacity)
  }

  set(at: number, time: number, value: number): void {
    if (time < this.times[at] || (time === this.times[at] && value <= this.values[at])) return
    this.times[at] = time
    this.values[at] = value
  }

  restore(at: number, { times, values }: SavedLatest, from: number): void {
    this.times[at] = times[from]
    this.values[at] = values[from]
  }
}
