import { Draft } from '../draft.ts'
import { mapTexts, Options } from '../options.ts'
import { Block } from '../yaml.ts'
import { RuleImport } from './rule.ts'
import { attributeOf } from './selector.ts'
import { Statements } from './statements.ts'
import { withVariables } from './variables.ts'

/**
 * Rules of stream aggregation: the file of vmagent's `-remoteWrite.streamAggr.config`.
 * @param commentOn the user's own comment above a rule
 */
export function importStreamAggregation(
  rules: readonly unknown[],
  commentOn: (rule: number) => string | undefined
): Draft {
  const draft = new Draft(
    'Written by weir import from rules of stream aggregation.',
    'Samples count in the window that their own time falls into; vmagent counts them by their arrival. So a late sample counts too, in a series with late="true".',
    'Counters are told by names that end in _total, _count, _sum or _bucket, or by the types of remote write 2.0. All other series are gauges.'
  )
  draft.add('receivers', 'prometheus_remote_write', { endpoint: '127.0.0.1:8429' }, [])
  draft.keepComment('exporters', "vmagent's -remoteWrite.url.")
  const before = new Statements()
  const after = new Statements()
  const counter = new Block()
  const converted = rules.flatMap((rule, i) =>
    new RuleImport(draft, new Options(mapTexts(rule, withVariables)), {
      number: i + 1,
      comment: commentOn(i),
      before,
      after
    }).blocks()
  )
  if (converted.length === 0)
    draft.break('processors', 'No rule has an output with a twin, so nothing would be aggregated.')
  counter.set(
    'max_groups',
    100_000,
    'Most groups of a rule; vmagent has no limit. Further ones are counted in one a metric.'
  )
  counter.set('rules', converted)
  const processors: string[] = []
  if (before.size > 0) processors.push(draft.add('processors', 'transform/input', before.block()))
  if (converted.length > 0) {
    addLabels(after, rules)
    processors.push(draft.add('processors', 'windowed_counter', counter))
    processors.push(draft.add('processors', 'transform/output', after.block()))
  }
  draft.add('exporters', 'victoriametrics', {
    endpoint: '${env:REMOTE_WRITE_URL:-http://127.0.0.1:8428/api/v1/write}',
    translation_strategy: 'UnderscoreEscapingWithoutSuffixes',
    target_info: false
  })
  draft.addPipeline('aggregation', {
    receivers: ['prometheus_remote_write'],
    processors,
    exporters: ['victoriametrics']
  })
  return draft
}

/** The labels of the output as vmagent has them: groups have no resource, and names tell windows. */
function addLabels(after: Statements, rules: readonly unknown[]): void {
  const grouped = rules.flatMap(rule => new Options(rule).texts('by'))
  for (const label of ['job', 'instance'].filter(label => grouped.includes(label))) {
    const attribute = attributeOf(label)
    after.add(undefined, { relabel: [{ source_labels: [attribute], regex: '(.+)', target_label: label }] })
    after.add(undefined, { delete: [attribute] })
  }
  after.add(undefined, { delete: ['window'] })
}
