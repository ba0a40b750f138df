import {
  type EvaluationOptions,
  type EvaluationRange,
  evaluate,
  type ResultValue
} from '../../../../core/promql/engine/evaluate.ts'
import { MemoryStore } from '../../../../core/promql/memory-store.ts'
import { parse } from '../../../../core/promql/parser/parse.ts'
import { exprText } from '../../../../core/promql/printer/expr-text.ts'
import { QueryError } from '../../../../core/promql/query-error.ts'
import { atFixedTime } from './fixed-time.ts'
import { Loader } from './loader.ts'
import { type Outcome, type OutcomeValue, problemOf, valueProblem } from './outcome.ts'
import { type EvalCommand, parseScript } from './script.ts'

/** What Prometheus's own tests set. */
const OPTIONS: Omit<EvaluationOptions, 'text' | 'signal'> = {
  lookbackMs: 300_000,
  defaultSubqueryStepMs: 60_000,
  limits: { maxSeries: 10_000, maxSamples: 1_000_000 },
  delayedNameRemoval: true
}
const MINUTE = 60_000
/** No query of a script takes long. */
const DEADLINE_MS = 10_000
/** Their values depend on the query's times, so another query has another result. */
const OF_THE_QUERY = /\b(?:start|end|range|step)\(\)/

/** A query of a script whose result is not as expected. */
export interface Failure {
  readonly line: number
  readonly query: string
  readonly problem: string
}

export interface ScriptRun {
  readonly queries: number
  readonly failures: readonly Failure[]
}

/**
 * Runs a test script. Instant queries run in the middle of a range too, and at other times with `@` in all selectors: the
 * result must be the same.
 */
export async function runScript(text: string): Promise<ScriptRun> {
  const store = new MemoryStore()
  const loader = new Loader(store)
  const failures: Failure[] = []
  let queries = 0
  for (const command of parseScript(text)) {
    if (command.type === 'clear') loader.clear()
    else if (command.type === 'load') loader.load(command)
    else {
      queries++
      const problem = await evalProblem(command, store)
      if (problem !== undefined) failures.push({ line: command.line, query: command.query, problem })
    }
  }
  return { queries, failures }
}

async function evalProblem(command: EvalCommand, store: MemoryStore): Promise<string | undefined> {
  const { query, start, end, stepMs } = command
  const outcome = await outcomeOf(query, { start, end, stepMs }, store)
  const problem = problemOf(command, outcome)
  if (problem !== undefined || command.range || !('value' in outcome)) return problem
  return (await otherTimesProblem(command, store)) ?? (await middleProblem(command, outcome.value, store))
}

/** The query as a range query, of which the middle counts. */
async function middleProblem(
  command: EvalCommand,
  value: OutcomeValue,
  store: MemoryStore
): Promise<string | undefined> {
  const { query, start, ordered } = command
  if (value.type === 'string' || value.type === 'matrix' || ordered || OF_THE_QUERY.test(query)) return undefined
  const range = { start: start - MINUTE, end: start + MINUTE, stepMs: MINUTE }
  const outcome = await outcomeOf(query, range, store)
  if (!('value' in outcome)) return `as a range: failed: ${JSON.stringify(outcome)}`
  const problem = valueProblem(command, middleOf(outcome.value, start, value.type))
  return problem && `as a range: ${problem}`
}

function middleOf(value: OutcomeValue, time: number, type: OutcomeValue['type']): OutcomeValue {
  if (value.type === 'string' || value.type === 'scalar') return value
  const series = value.series.flatMap(({ labels, points }) => {
    const point = points.get(time)
    return point === undefined ? [] : [{ labels, points: new Map([[time, point]]) }]
  })
  const [only] = series[0]?.points.values() ?? []
  return type === 'scalar' && typeof only === 'number' ? { type, value: only } : { type: 'vector', series }
}

/** The query at other times, with its own time written into it. */
async function otherTimesProblem(command: EvalCommand, store: MemoryStore): Promise<string | undefined> {
  const { start } = command
  const fixed = atFixedTime(parse(command.query, { experimental: true }), start)
  if (fixed === undefined) return undefined
  const query = exprText(fixed)
  for (const time of start === 0 ? [-1000, 1000] : [-10 * start, 0, Math.trunc(start / 5), 10 * start]) {
    const outcome = await outcomeOf(query, { start: time, end: time, stepMs: 0 }, store)
    if (!('value' in outcome)) return `${query} at ${time} ms: failed: ${JSON.stringify(outcome)}`
    const problem = valueProblem(command, movedTo(outcome.value, time, start))
    if (problem !== undefined) return `${query} at ${time} ms: ${problem}`
  }
  return undefined
}

/** An instant vector at another time. Points of range vectors keep their own times. */
function movedTo(value: OutcomeValue, from: number, to: number): OutcomeValue {
  if (value.type !== 'vector') return value
  const series = value.series.map(({ labels, points }) => ({ labels, points: new Map([[to, points.get(from)!]]) }))
  return { type: 'vector', series }
}

async function outcomeOf(text: string, range: EvaluationRange, store: MemoryStore): Promise<Outcome> {
  try {
    const expr = parse(text, { experimental: true })
    const options = { ...OPTIONS, text, signal: AbortSignal.timeout(DEADLINE_MS) }
    const { value, warnings, infos } = await evaluate(expr, range, store, options)
    return { value: outcomeValue(value), warnings, infos }
  } catch (error) {
    if (error instanceof QueryError) return { error: error.message }
    return { crash: error instanceof Error ? error.stack! : String(error) }
  }
}

function outcomeValue(value: ResultValue): OutcomeValue {
  if (value.type === 'scalar' || value.type === 'string') return value
  if (value.type === 'vector') {
    const { time, samples } = value
    const series = samples.map(({ labels, value, histogram }) => ({
      labels,
      points: new Map([[time, histogram ?? value]])
    }))
    return { type: 'vector', series }
  }
  const series = value.series.map(({ labels, times, values, histograms }) => ({
    labels,
    points: new Map(Array.from(times, (time, i) => [time, histograms?.[i] ?? values[i]!]))
  }))
  return { type: 'matrix', series }
}
