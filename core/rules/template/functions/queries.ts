import { TemplateFailure } from '../template-error.ts'
import { Sample, Samples, type Value } from '../values.ts'
import type { TemplateFunction } from './function.ts'
import { queryEscape } from './printing.ts'

/** The label of consoles that `strvalue` reads. */
const VALUE_LABEL = '__value__'

const linkTo = (tab: number): TemplateFunction => ({
  parameters: ['string'],
  call: ([expression]) => `/graph?g0.expr=${queryEscape(expression as string)}&g0.tab=${tab}`
})

/** Queries, their results, and links to them. */
export const QUERIES: Readonly<Record<string, TemplateFunction>> = {
  query: { parameters: ['string'], call: ([text], context) => context.query(text as string) },
  first: { parameters: ['template.queryResult'], call: ([result]) => firstOf(result as Samples) },
  label: {
    parameters: ['string', '*template.sample'],
    call: ([name, sample]) => labelOf(sampleOf(sample), name as string)
  },
  value: { parameters: ['*template.sample'], call: ([sample]) => sampleOf(sample).value },
  strvalue: { parameters: ['*template.sample'], call: ([sample]) => labelOf(sampleOf(sample), VALUE_LABEL) },
  sortByLabel: {
    parameters: ['string', 'template.queryResult'],
    call: ([name, result]) => sorted(result as Samples, name as string)
  },
  graphLink: linkTo(0),
  tableLink: linkTo(1),
  externalURL: { parameters: [], call: (_, { data }) => data.externalUrl },
  pathPrefix: { parameters: [], call: (_, { data }) => pathOf(data.externalUrl) }
}

/** Throws Go's words for a nil. */
function sampleOf(value: Value): Sample {
  if (value instanceof Sample) return value
  throw new TemplateFailure('runtime error: invalid memory address or nil pointer dereference')
}

function firstOf({ list }: Samples): Sample {
  if (list.length === 0) throw new TemplateFailure('first() called on vector with no elements')
  return list[0]!
}

const labelOf = ({ labels }: Sample, name: string) => labels.entries.get(name) ?? ''

function sorted({ list }: Samples, name: string): Samples {
  return new Samples(
    list.toSorted((a, b) => {
      const [x, y] = [labelOf(a, name), labelOf(b, name)]
      return x === y ? 0 : x < y ? -1 : 1
    })
  )
}

/** Without a slash at the end, which the URL of a host alone does not have in Go. */
function pathOf(url: string): string {
  const path = URL.parse(url)?.pathname ?? ''
  return path === '/' && !url.endsWith('/') ? '' : path
}
