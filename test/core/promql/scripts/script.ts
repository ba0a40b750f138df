import { toNumber } from '../../../../core/promql/notation/histogram-notation.ts'
import { type NotedSeries, parseSeries } from '../../../../core/promql/notation/series-notation.ts'
import { durationMs } from '../../../../core/promql/parser/numbers.ts'
import { unquote } from '../../../../core/promql/parser/strings.ts'

/** A command of a test script, in Unix ms from 0. */
export type Command = LoadCommand | EvalCommand | { readonly type: 'clear' }

export interface LoadCommand {
  readonly type: 'load'
  readonly stepMs: number
  readonly series: readonly NotedSeries[]
  /** Whether classic histograms are loaded as native ones with custom bounds too. */
  readonly withNhcb: boolean
}

/** A text that a message must be or match; undefined: any message. */
export type Expectation = { readonly text: string } | { readonly pattern: RegExp } | undefined

export interface EvalCommand {
  readonly type: 'eval'
  /** Counts from 1. */
  readonly line: number
  readonly query: string
  readonly range: boolean
  readonly start: number
  readonly end: number
  readonly stepMs: number
  readonly fail: readonly Expectation[]
  readonly warn: readonly Expectation[]
  readonly info: readonly Expectation[]
  readonly noWarn: boolean
  readonly noInfo: boolean
  readonly ordered: boolean
  readonly string: string | undefined
  readonly scalar: number | undefined
  readonly series: readonly NotedSeries[]
  /** Times of a range vector that an instant query returns. */
  readonly vector: { readonly start: number; readonly stepMs: number } | undefined
}

const INSTANT = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(\S+)\s+)?(.+)$/
const RANGE = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/
const LOAD = /^load(_with_nhcb)?\s+(\S+)$/
const EXPECT = /^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$/
const EXPECT_VECTOR = /^expect range vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$/
const EXPECT_STRING = /^expect string (.+)$/

/**
 * Commands of a test script in the language of Prometheus's own tests:
 * https://github.com/prometheus/prometheus/blob/main/promql/promqltest/README.md
 */
export function parseScript(text: string): Command[] {
  const lines = text.split('\n').map(line => (line.trim().startsWith('#') ? '' : line.trim()))
  const commands: Command[] = []
  for (let i = 0; i < lines.length; i++) {
    if (lines[i] === '') continue
    const body: string[] = []
    const line = i + 1
    const head = lines[i]!
    if (head !== 'clear') while (i + 1 < lines.length && lines[i + 1] !== '') body.push(lines[++i]!)
    try {
      commands.push(commandOf(head, body, line))
    } catch (error) {
      throw new Error(`line ${line}: ${head}`, { cause: error })
    }
  }
  return commands
}

function commandOf(head: string, body: readonly string[], line: number): Command {
  if (head === 'clear') return { type: 'clear' }
  const load = LOAD.exec(head)
  if (load !== null) {
    return { type: 'load', stepMs: duration(load[2]!), series: body.map(parseSeries), withNhcb: load[1] !== undefined }
  }
  const range = RANGE.exec(head)
  if (range !== null) {
    const [, mode, start, end, step, query] = range
    const times = { range: true, start: duration(start!), end: duration(end!), stepMs: duration(step!) }
    return { ...evalOf(mode, query!, body, line), ...times }
  }
  const instant = INSTANT.exec(head)
  if (instant === null) throw new Error('no command')
  const [, mode, at = '0', query] = instant
  return { ...evalOf(mode, query!, body, line), range: false, start: duration(at), end: duration(at), stepMs: 0 }
}

function evalOf(mode: string | undefined, query: string, body: readonly string[], line: number) {
  const expected = { fail: [] as Expectation[], warn: [] as Expectation[], info: [] as Expectation[] }
  if (mode === 'fail' || mode === 'warn' || mode === 'info') expected[mode].push(undefined)
  const flags = { ordered: mode === 'ordered', noWarn: false, noInfo: false }
  let string: string | undefined
  let scalar: number | undefined
  let vector: EvalCommand['vector']
  const series: NotedSeries[] = []
  for (const entry of body) {
    const [, kind, how, what] = EXPECT.exec(entry) ?? []
    const times = EXPECT_VECTOR.exec(entry)
    const literal = EXPECT_STRING.exec(entry)?.[1]
    if (kind === 'fail' || kind === 'warn' || kind === 'info') expected[kind].push(expectation(how, what))
    else if (kind === 'ordered') flags.ordered = true
    else if (kind === 'no_warn') flags.noWarn = true
    else if (kind === 'no_info') flags.noInfo = true
    else if (times !== null) vector = { start: duration(times[1]!), stepMs: duration(times[3]!) }
    else if (literal !== undefined) string = stringOf(literal)
    else if (/^(?:[+-]?[\d.]|[+-]?(?:inf|nan)$)/i.test(entry)) scalar = toNumber(entry)
    else series.push(parseSeries(entry))
  }
  return { type: 'eval' as const, line, query, ...expected, ...flags, string, scalar, series, vector }
}

function expectation(how: string | undefined, what: string | undefined): Expectation {
  if (what === undefined) return undefined
  return how === 'msg' ? { text: what.trim() } : { pattern: new RegExp(what.trim()) }
}

function stringOf(literal: string): string {
  const unquoted = unquote(literal)
  if ('problem' in unquoted) throw new Error(unquoted.problem)
  return unquoted.value
}

function duration(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1
  const ms = text === '0' ? 0 : durationMs(text.replace('-', ''))
  if (ms === undefined) throw new Error(`no duration: ${text}`)
  return sign * ms
}
