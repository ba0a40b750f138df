import type { Draft } from '../draft.ts'
import { durationOf } from '../duration.ts'
import { NoTwin, orNoTwin } from '../no-twin.ts'
import type { Options } from '../options.ts'
import { Block, type Yaml } from '../yaml.ts'
import { otherKindNote } from './kinds.ts'
import { type Output, outputOf } from './outputs.ts'
import { relabelRules } from './relabel.ts'
import { attributeOf, conditionsOf } from './selector.ts'
import type { Statements } from './statements.ts'

/** The ways of Weir for other options of a rule. */
const HINTS: Readonly<Record<string, string>> = {
  dedup_interval:
    'Weir keeps all samples of a window. The processor dedup drops those that were sent twice, and the last of an interval is aggregations: [last].',
  staleness_interval: 'series silent for max_stale of windowed_counter expire.',
  ignore_first_intervals:
    'Weir keeps open windows over a restart with service.state_dir, so the first ones are complete.',
  ignore_first_sample_interval: 'Weir never counts the first sample of a series that was counting before.',
  no_align_flush_to_interval: 'windows are aligned to the Unix epoch.',
  flush_on_shutdown: 'without service.state_dir open windows are sent at a stop; with it they go on after the restart.',
  enable_windows: 'Weir always counts in windows of event time.'
}

/** The output of a rule, with the quantiles it may name. */
type Wanted = { readonly output: Output; readonly quantiles?: readonly number[] }

interface Place {
  /** From 1. */
  readonly number: number
  /** The user's own. */
  readonly comment: string | undefined
  /** Statements for the input and for the output of windows. */
  readonly before: Statements
  readonly after: Statements
}

/** One rule of stream aggregation: a rule of `windowed_counter` for each of its outputs. */
export class RuleImport {
  readonly #draft: Draft
  readonly #rule: Options
  readonly #title: string
  readonly #comment: string | undefined
  readonly #before: Statements
  readonly #after: Statements
  readonly #notes: string[] = []

  constructor(draft: Draft, rule: Options, { number, comment, before, after }: Place) {
    this.#draft = draft
    this.#rule = rule
    this.#title = `Rule ${number}`
    this.#comment = comment
    this.#before = before
    this.#after = after
  }

  blocks(): Block[] {
    const name = this.#rule.text('name')
    return orNoTwin(
      () => this.#withComments(name, this.#blocks()),
      reason => {
        this.#draft.break('processors', `${this.#title} has no twin: ${reason}.`)
        return []
      }
    )
  }

  #blocks(): Block[] {
    const rule = this.#rule
    const interval = rule.text('interval') ?? 'missing'
    const windows = durationOf(interval)
    if (windows === undefined) throw new NoTwin(`its interval is ${interval}: write a duration such as 1m`)
    const match = conditionsOf(rule.texts('match')) as Yaml | undefined
    const wanted = this.#wanted()
    this.#noteOtherKinds(wanted, match)
    const prefix = this.#prefix(interval)
    this.#addRelabelling(match, prefix)
    const common = { match, windows, prefix, grouping: this.#grouping(), late: this.#late() }
    this.#noteUnread()
    return together(wanted).map(some => ruleBlock(some, common))
  }

  /** Comments stand above the first of the rules that this one becomes. */
  #withComments(name: string | undefined, blocks: Block[]): Block[] {
    const title = name === undefined ? this.#title : `${this.#title}, ${name}`
    const own = this.#comment === undefined ? [] : [this.#comment]
    const lines = [...own, `${title}${this.#notes.length > 0 ? ':' : '.'}`, ...this.#notes.map(note => `- ${note}`)]
    this.#draft.noteOn(blocks[0] ?? 'processors', lines, this.#notes.length)
    return blocks
  }

  #wanted(): Wanted[] {
    const names = this.#rule.texts('outputs')
    if (names.length === 0) throw new NoTwin('it has no outputs')
    return names.flatMap(name => {
      const found = outputOf(name)
      if ('missing' in found) {
        this.#notes.push(`${name} has no twin: ${found.missing}`)
        return []
      }
      if (found.output.note !== undefined) this.#notes.push(`${name}: ${found.output.note}`)
      return [found]
    })
  }

  #noteOtherKinds(wanted: readonly Wanted[], match: Yaml | undefined): void {
    for (const kind of ['gauges', 'counters'] as const) {
      const names = wanted.filter(({ output }) => output.of === kind).map(({ output }) => output.suffix)
      const note = otherKindNote(kind, names, match)
      if (note !== undefined) this.#notes.push(note)
    }
  }

  /** As vmagent names its output: `{name}:1m_by_job`. */
  #prefix(interval: string): string {
    if (this.#rule.flag('keep_metric_names') === true) return ''
    const [by, without] = ['by', 'without'].map(key => this.#rule.texts(key).toSorted())
    if (by.length > 0) return `{name}:${interval}_by_${by.join('_')}_`
    return without.length > 0 ? `{name}:${interval}_without_${without.join('_')}_` : `{name}:${interval}_`
  }

  #grouping(): { by?: string[]; without?: string[] } {
    const [by, without] = ['by', 'without'].map(key => this.#rule.texts(key).map(attributeOf))
    if (by.length > 0) return { by }
    return without.length > 0 ? { without } : {}
  }

  #late(): string | undefined {
    return this.#rule.flag('ignore_old_samples') === true ? 'drop' : undefined
  }

  #addRelabelling(match: Yaml | undefined, prefix: string): void {
    const rule = this.#rule
    const dropped = rule.texts('drop_input_labels').map(attributeOf)
    if (dropped.length > 0) this.#before.add(match, { delete: dropped })
    const input = relabelRules(rule.each('input_relabel_configs'), this.#notes)
    if (input.length > 0) this.#before.add(match, { relabel: input })
    const output = relabelRules(rule.each('output_relabel_configs'), this.#notes)
    if (output.length === 0) return
    const name = prefix === '' ? undefined : prefix.replace('{name}', '*').concat('*')
    this.#after.add(name === undefined ? match : { name }, { relabel: output })
  }

  #noteUnread(): void {
    for (const key of Object.keys(HINTS)) {
      const value = this.#rule.value(key)
      if (value !== undefined && value !== false && value !== null) this.#notes.push(`${key}: ${value}: ${HINTS[key]}`)
    }
    for (const option of this.#rule.unread()) this.#notes.push(`${option} has no twin.`)
  }
}

interface Common {
  readonly match: Yaml | undefined
  readonly windows: string
  readonly prefix: string
  readonly grouping: { readonly by?: string[]; readonly without?: string[] }
  readonly late: string | undefined
}

/** Outputs whose names are those of aggregations share a rule. */
function together(wanted: readonly Wanted[]): Wanted[][] {
  const isNamedSo = ({ output }: Wanted) => output.suffix === output.aggregation
  const shared = wanted.filter(isNamedSo)
  const others = wanted.filter(one => !isNamedSo(one)).map(one => [one])
  return shared.length === 0 ? others : [shared, ...others]
}

function ruleBlock(wanted: readonly Wanted[], { match, windows, prefix, grouping, late }: Common): Block {
  const [{ output }] = wanted
  const suffix = output.suffix === output.aggregation ? '{aggregation}' : output.suffix
  return new Block()
    .set('match', match)
    .set('by', grouping.by)
    .set('without', grouping.without)
    .set('windows', [windows])
    .set(
      'aggregations',
      wanted.map(one => one.output.aggregation)
    )
    .set('quantiles', wanted.find(({ quantiles }) => quantiles !== undefined)?.quantiles)
    .set('name', prefix === '' ? '{name}' : `${prefix}${suffix}`)
    .set('output', [output.output])
    .set('late', late)
}
