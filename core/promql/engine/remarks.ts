import { shortFloat } from '../float-text.ts'
import type { MonotonicityFix } from '../histogram/classic.ts'
import type { Remarks } from '../sample-store.ts'
import type { Span } from '../span.ts'

/** Remarks of either kind that one query has at most: each may name another metric. */
const MOST_REMARKS = 100

interface MonotonicityFixes extends MonotonicityFix {
  readonly count: number
  readonly firstTime: number
  readonly lastTime: number
  readonly span: Span
  readonly metric: string
}

/**
 * Warnings and infos of one query, each once. Their words are those of Prometheus, which rules and dashboards match:
 * https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview
 */
export class QueryRemarks implements Remarks {
  readonly #text: string
  readonly #warnings = new Set<string>()
  readonly #infos = new Set<string>()
  readonly #fixes = new Map<string, MonotonicityFixes>()

  /** `text` is the query's: remarks name the line and column of what they are about. */
  constructor(text: string) {
    this.#text = text
  }

  get warnings(): string[] {
    return Array.from(this.#warnings)
  }

  get infos(): string[] {
    return [
      ...this.#infos,
      ...Array.from(this.#fixes.values(), fixes => `${fixesText(fixes)} ${this.#place(fixes.span)}`)
    ]
  }

  /** Remarks of stores stay as they are. */
  warn(message: string): void {
    if (this.#warnings.size < MOST_REMARKS) this.#warnings.add(message)
  }

  info(message: string): void {
    if (this.#infos.size < MOST_REMARKS) this.#infos.add(message)
  }

  warnAt(span: Span, message: string): void {
    this.warn(`PromQL warning: ${message} ${this.#place(span)}`)
  }

  infoAt(span: Span, message: string): void {
    this.info(`PromQL info: ${message} ${this.#place(span)}`)
  }

  boundsReconciled(span: Span, operation: 'addition' | 'subtraction' | 'aggregation'): void {
    this.infoAt(span, `mismatched custom buckets were reconciled during ${operation}`)
  }

  mixed(span: Span, metric: string): void {
    this.warnAt(span, `encountered a mix of histograms and floats for metric name ${JSON.stringify(metric)}`)
  }

  mixedSchemas(span: Span, metric: string): void {
    this.warnAt(
      span,
      'vector contains a mix of histograms with exponential and custom buckets schemas ' +
        `for metric name ${JSON.stringify(metric)}`
    )
  }

  oddQuantile(span: Span, q: number): void {
    this.warnAt(span, `quantile value should be between 0 and 1, got ${shortFloat(q)}`)
  }

  /** Fixes of one place and metric become one info. `time` in Unix ms. */
  fixedMonotonicity(span: Span, metric: string, time: number, fix: MonotonicityFix): void {
    const key = `${span.from} ${metric}`
    const known = this.#fixes.get(key)
    if (known === undefined && this.#fixes.size >= MOST_REMARKS) return
    this.#fixes.set(key, {
      fromBound: Math.min(fix.fromBound, known?.fromBound ?? Infinity),
      toBound: Math.max(fix.toBound, known?.toBound ?? -Infinity),
      mostDifference: Math.max(fix.mostDifference, known?.mostDifference ?? 0),
      count: (known?.count ?? 0) + 1,
      firstTime: Math.min(time, known?.firstTime ?? Infinity),
      lastTime: Math.max(time, known?.lastTime ?? -Infinity),
      span,
      metric
    })
  }

  #place(span: Span): string {
    const before = this.#text.slice(0, span.from)
    const lineStart = before.lastIndexOf('\n') + 1
    const line = before.split('\n').length
    return `(${line}:${before.length - lineStart + 1})`
  }
}

/** The end of remarks that know the metric: nothing if it has no name. */
export function ofMetric(name: string): string {
  return name === '' ? '' : ` for metric name ${JSON.stringify(name)}`
}

function fixesText(fixes: MonotonicityFixes): string {
  return (
    'PromQL info: input to histogram_quantile needed to be fixed for monotonicity ' +
    '(see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)' +
    `${ofMetric(fixes.metric)}, from buckets ${shortFloat(fixes.fromBound)} to ${shortFloat(fixes.toBound)}, ` +
    `with a max diff of ${fixes.mostDifference.toPrecision(2)}, over ${fixes.count} samples ` +
    `from ${dateText(fixes.firstTime)} to ${dateText(fixes.lastTime)}`
  )
}

function dateText(time: number): string {
  return `${new Date(Math.floor(time / 1000) * 1000).toISOString().slice(0, -'.000Z'.length)}Z`
}
