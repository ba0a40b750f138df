/** Queries whose results may differ from Prometheus's, and why. */
export interface Exception {
  readonly reason: string
  /** Of Prometheus. */
  readonly versions: readonly (2 | 3)[]
  readonly queries: RegExp
}

const EXCEPTIONS: readonly Exception[] = [
  {
    reason: 'Version 2 takes native histograms for 0 in functions over time and in divisions.',
    versions: [2],
    queries: /_over_time\(payload_bytes|payload_bytes.* [/*] /
  },
  {
    reason: 'Version 2 estimates inside the buckets of native histograms in a straight line.',
    versions: [2],
    queries: /histogram_(quantile|fraction)\(.*payload_bytes/
  },
  {
    reason: 'The window of predict_linear moves with the evaluation time in spite of the modifier @.',
    versions: [2],
    queries: /predict_linear\([^)]* @ /
  },
  {
    reason: 'Variances of times, which are large and close together, depend on the order of series in the last digits.',
    versions: [2, 3],
    queries: /std(var|dev).*\(timestamp\(/
  }
]

export function exceptionFor(query: string, version: 2 | 3): Exception | undefined {
  return EXCEPTIONS.find(({ versions, queries }) => versions.includes(version) && queries.test(query))
}
