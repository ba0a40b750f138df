import type { EntryTrace, PipelineTrace, ShownSeries } from '../admin/why/trace.ts'
import type { TracedSeries, WhyAnswer } from '../admin/why/why.ts'
import { describeError } from '../errors.ts'
import { count } from '../plural.ts'
import { askAdmin } from './admin-client.ts'
import { EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

interface WhyOptions {
  readonly admin: string
  readonly kind?: string
}

/** Prints the way of a series through the components of the running Weir. @param labels `name=value` */
export async function why(
  terminal: Terminal,
  metric: string,
  labels: readonly string[],
  { admin, kind }: WhyOptions
): Promise<number> {
  const query = new URLSearchParams({ metric })
  for (const label of labels) query.append('label', label)
  if (kind !== undefined) query.set('kind', kind)
  try {
    const { ok, text } = await askAdmin(admin, `/api/why?${query}`)
    if (ok) for (const line of linesOf(JSON.parse(text))) terminal.out(line)
    else terminal.error(text.trimEnd())
    return ok ? EXIT.ok : EXIT.refused
  } catch (error) {
    terminal.error(describeError(error))
    return EXIT.refused
  }
}

function linesOf({ traced, hints, watchedSeconds }: WhyAnswer): string[] {
  return [...traced.flatMap(one => linesOfSeries(one, watchedSeconds)), ...hints]
}

function linesOfSeries({ series, seen, pipelines }: TracedSeries, seconds: number): string[] {
  const sightings = seen.map(({ receiver, items }) => `${receiver} (${count(items, 'item')} in ${seconds} s)`)
  const from = sightings.length === 0 ? `none came within ${seconds} s` : `received by ${sightings.join(', ')}`
  const ways = pipelines.length === 0 ? ['  no pipeline takes it'] : pipelines.flatMap(linesOfPipeline)
  return [`${textOf(series)} ${series.kind}: ${from}`, ...ways]
}

function linesOfPipeline({ pipeline, from, stages }: PipelineTrace): string[] {
  const lines = stages.flatMap(({ id, entries, more }) => [
    ...entries.flatMap(entry => linesOfEntry(id, entry)),
    ...(more > 0 ? [`    ${id}: and ${more} more series`] : [])
  ])
  return [`  pipeline ${pipeline}, from ${from.join(', ')}`, ...lines]
}

function linesOfEntry(id: string, { series, fate, why: reason, outputs, places }: EntryTrace): string[] {
  const made = [...outputs.map(textOf), ...places]
  const [first, ...others] = series
  const name = others.length === 0 ? textOf(first) : `${textOf(first)} and ${others.length} more`
  return [`    ${id}: ${name} ${fate}: ${reason}`, ...made.map(text => `      → ${text}`)]
}

function textOf({ name, attributes }: ShownSeries): string {
  const labels = Object.entries(attributes).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return labels.length === 0 ? name : `${name}{${labels.join(', ')}}`
}
