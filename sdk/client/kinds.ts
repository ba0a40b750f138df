import { Histogram } from './histogram.ts'

/** The state of a kind of metric in an interval, and its form in OTLP's JSON. */
export interface Kind<S> {
  begin(): S
  /** Fields of a Metric up to its data points. */
  fields(state: S): string
  /** The value of a data point, as fields. */
  value(state: S): string
}

export const COUNTER: Kind<number> = {
  begin: () => 0,
  fields: () => `"sum":{"aggregationTemporality":1,"isMonotonic":true,`,
  value: numberField
}

/** The last value. */
export const GAUGE: Kind<number> = {
  begin: () => 0,
  fields: () => `"gauge":{`,
  value: numberField
}

export const TIMING: Kind<Histogram> = {
  begin: () => new Histogram(),
  fields: () => `"exponentialHistogram":{"aggregationTemporality":1,`,
  value: histogram => histogram.fields
}

/** Members, which the receiver takes for a set. Another receiver of OTLP sees a gauge of their number. */
export const UNIQUE: Kind<Set<string>> = {
  begin: () => new Set(),
  fields(members) {
    const values = Array.from(members, member => `{"stringValue":${JSON.stringify(member)}}`)
    const value = `{"arrayValue":{"values":[${values}]}}`
    return `"metadata":[{"key":"weir.set.members","value":${value}}],"gauge":{`
  },
  value: ({ size }) => numberField(size)
}

/** Too large a number becomes null, and its point alone is refused. */
function numberField(value: number): string {
  return Number.isSafeInteger(value) ? `"asInt":"${value}"` : `"asDouble":${JSON.stringify(value)}`
}
