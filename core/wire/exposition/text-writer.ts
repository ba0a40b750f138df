import type { Distribution, Histogram, Summary } from '../../model/distribution.ts'
import { finiteBuckets } from '../../model/finite-buckets.ts'
import { boundText, floatText } from '../prometheus/bounds.ts'
import { type CumulativeBuckets, leBuckets } from '../prometheus/exponential.ts'
import type { Label, Labels } from '../prometheus/labels.ts'
import { type ExposedFamily, type ExposedSeries, type ExpositionWriter, SERIES_PER_STEP } from './family.ts'

const TOTAL = '_total'
const INFO = '_info'
const MS_PER_SECOND = 1000

/** The text format 0.0.4. https://prometheus.io/docs/instrumenting/exposition_formats/ */
export class TextWriter implements ExpositionWriter {
  readonly contentType: string = 'text/plain; version=0.0.4; charset=utf-8'
  readonly end: string = '';

  *write(family: ExposedFamily, series: Iterable<ExposedSeries>): Generator<string> {
    let text = this.header(family)
    let steps = 0
    for (const own of series) {
      text += this.sample(family, own)
      if (++steps % SERIES_PER_STEP > 0) continue
      yield text
      text = ''
    }
    yield text
  }

  protected header({ name, type, help }: ExposedFamily): string {
    const about = help === '' ? '' : `# HELP ${name} ${escapeHelp(help)}\n`
    return `${about}# TYPE ${name} ${type === 'info' ? 'gauge' : type}\n`
  }

  protected sample({ name }: ExposedFamily, { labels, value, distribution }: ExposedSeries): string {
    if (distribution === undefined) return line(name, labels, value)
    return distributionLines(name, labels, distribution)
  }
}

/** OpenMetrics 1.0. https://prometheus.io/docs/specs/om/open_metrics_spec/ */
export class OpenMetricsWriter extends TextWriter {
  override readonly contentType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
  override readonly end = '# EOF\n'

  protected override header(family: ExposedFamily): string {
    const name = baseName(family)
    const unit = family.unit !== '' && name.endsWith(`_${family.unit}`) ? `# UNIT ${name} ${family.unit}\n` : ''
    const about = family.help === '' ? '' : `# HELP ${name} ${escapeLabel(family.help)}\n`
    return `# TYPE ${name} ${openMetricsType(family)}\n${unit}${about}`
  }

  protected override sample(family: ExposedFamily, series: ExposedSeries): string {
    const text = super.sample(family, series)
    const hasCreated = openMetricsType(family) !== 'unknown' && CREATED_TYPES.has(family.type)
    if (!hasCreated || series.start === 0) return text
    return text + line(`${baseName(family)}_created`, series.labels, series.start / MS_PER_SECOND)
  }
}

const CREATED_TYPES: ReadonlySet<string> = new Set(['counter', 'histogram', 'summary'])

/** Without the suffix that OpenMetrics adds by itself. */
function baseName({ name, type }: ExposedFamily): string {
  const suffix = type === 'counter' ? TOTAL : type === 'info' ? INFO : ''
  return suffix !== '' && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
}

/** A counter must end in `_total`, and an info in `_info`. */
function openMetricsType(family: ExposedFamily): string {
  const isBare = (family.type === 'counter' || family.type === 'info') && baseName(family) === family.name
  return isBare ? 'unknown' : family.type
}

function distributionLines(name: string, labels: Labels, distribution: Distribution): string {
  switch (distribution.kind) {
    case 'histogram':
      return bucketLines(name, labels, explicitBuckets(distribution)) + totalLines(name, labels, distribution)
    case 'exponential_histogram':
      return bucketLines(name, labels, leBuckets(distribution)) + totalLines(name, labels, distribution)
    case 'summary':
      return quantileLines(name, labels, distribution) + totalLines(name, labels, distribution)
    default:
      return ''
  }
}

export function explicitBuckets(histogram: Histogram): CumulativeBuckets {
  const { bounds, counts } = finiteBuckets(histogram)
  let below = 0
  const buckets = bounds.map((bound, i) => [bound, (below += counts[i])] as const)
  return [...buckets, [Number.POSITIVE_INFINITY, histogram.count]]
}

function bucketLines(name: string, labels: Labels, buckets: CumulativeBuckets): string {
  let text = ''
  for (const [bound, count] of buckets) text += line(`${name}_bucket`, labels, count, ['le', floatText(bound)])
  return text
}

function totalLines(name: string, labels: Labels, { sum, count }: { sum: number; count: number }): string {
  const total = Number.isNaN(sum) ? '' : line(`${name}_sum`, labels, sum)
  return total + line(`${name}_count`, labels, count)
}

function quantileLines(name: string, labels: Labels, { quantiles }: Summary): string {
  let text = ''
  for (const { quantile, value } of quantiles) text += line(name, labels, value, ['quantile', floatText(quantile)])
  return text
}

function line(name: string, labels: Labels, value: number, more?: Label): string {
  let text = ''
  for (const label of more === undefined ? labels : [...labels, more])
    text += `${text === '' ? '' : ','}${label[0]}="${escapeLabel(label[1])}"`
  return `${name}${text === '' ? '' : `{${text}}`} ${valueText(value)}\n`
}

function valueText(value: number): string {
  if (Object.is(value, -0)) return '-0'
  return Number.isNaN(value) ? 'NaN' : boundText(value)
}

const escapeLabel = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
const escapeHelp = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
