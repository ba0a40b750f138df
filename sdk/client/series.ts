import { Histogram } from './histogram.ts'

/** Calls of one kind with the same name, unit and attributes, in the interval that is open. */
export abstract class Series {
  /** Something was added since {@link reset}. */
  isActive = false
  /** The name, and the unit if there is one, in JSON. */
  readonly metric: string
  /** OTLP's KeyValues in JSON. */
  readonly attributes: string

  constructor(metric: string, attributes: string) {
    this.metric = metric
    this.attributes = attributes
  }

  /** An OTLP Metric in JSON up to its data points. */
  abstract get head(): string
  /** The end of that Metric. */
  abstract get tail(): string
  /** The value of a data point, as fields of JSON. */
  abstract get value(): string
  /** Begins the next interval. */
  abstract reset(): void
}

export class Counter extends Series {
  total = 0

  get head(): string {
    return `{${this.metric},"sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[`
  }

  get tail(): string {
    return ']}}'
  }

  get value(): string {
    return numberField(this.total)
  }

  reset(): void {
    this.total = 0
  }
}

export class Gauge extends Series {
  last = 0

  get head(): string {
    return `{${this.metric},"gauge":{"dataPoints":[`
  }

  get tail(): string {
    return ']}}'
  }

  get value(): string {
    return numberField(this.last)
  }

  reset(): void {}
}

export class Timing extends Series {
  histogram = new Histogram()

  get head(): string {
    return `{${this.metric},"exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[`
  }

  get tail(): string {
    return ']}}'
  }

  get value(): string {
    return this.histogram.fields
  }

  reset(): void {
    this.histogram = new Histogram()
  }
}

/** Members, which the receiver takes for a set. Another receiver of OTLP sees a gauge of their number. */
export class Unique extends Series {
  readonly members = new Set<string>()
  characters = 0

  add(member: string): void {
    this.members.add(member)
    this.characters += member.length
  }

  get head(): string {
    const values = Array.from(this.members, member => `{"stringValue":${JSON.stringify(member)}}`)
    const members = `{"key":"weir.set.members","value":{"arrayValue":{"values":[${values}]}}}`
    return `{${this.metric},"metadata":[${members}],"gauge":{"dataPoints":[`
  }

  get tail(): string {
    return ']}}'
  }

  get value(): string {
    return numberField(this.members.size)
  }

  reset(): void {
    this.members.clear()
    this.characters = 0
  }
}

const numberField = (value: number) => (Number.isSafeInteger(value) ? `"asInt":"${value}"` : `"asDouble":${value}`)
