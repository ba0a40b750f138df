import { compileRegex, regexProblem } from '../../model/matching/linear-regex.ts'
import { Evaluator, type Place } from './evaluator.ts'
import type { CallContext } from './functions/function.ts'
import { FUNCTIONS, SHORT_CIRCUITS } from './functions/table.ts'
import { nodeText } from './node-text.ts'
import { type ParsedTemplate, parseTemplate } from './parser.ts'
import type { TemplateData, TemplateHost } from './template-data.ts'
import { TemplateFailure, TemplateSyntaxError } from './template-error.ts'
import { AlertData, Sample, Samples, StringMap } from './values.ts'

export type { TemplateData, TemplateHost } from './template-data.ts'

/** UTF-16 units of one template. Some work grows with the length and the number of variables. */
const LONGEST = 64 * 1024
/** Queries of one expansion. */
const MOST_QUERIES = 100
/** Templates whose nodes are kept: those of alerts are expanded again and again. */
const MOST_KEPT = 1000
/** Variables of all templates of alerts, which Prometheus writes before them too. Places of errors count them. */
const DECLARATIONS =
  '{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}'

/** The problem of a template's syntax, with its place; undefined if there is none. */
export function templateProblem(text: string): string | undefined {
  try {
    parsed(text)
    return undefined
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error
    return `the template cannot be read at ${placeIn(text, error.at - DECLARATIONS.length)}: ${error.message}`
  }
}

/**
 * The text that a template of an alert makes, by the language of Go's text/template and the functions of Prometheus:
 * https://prometheus.io/docs/prometheus/latest/configuration/template_reference/. A template that fails gives
 * Prometheus's text `<error expanding template: …>`, and the host is told.
 * @param text one without a {@link templateProblem}
 */
export async function expandTemplate(text: string, data: TemplateData, host: TemplateHost): Promise<string> {
  if (!text.includes('{{')) return text
  const name = `__alert_${data.alert}`
  const evaluator = new Evaluator(parsed(text), name, contextOf(data, host))
  try {
    return await evaluator.expand(dotOf(data))
  } catch (error) {
    if (!(error instanceof TemplateFailure)) throw error
    const message = `error executing template ${name}: ${placed(DECLARATIONS + text, name, evaluator.place, error)}`
    host.templateFailed(message)
    return `<error expanding template: ${message}>`
  }
}

const kept = new Map<string, ParsedTemplate>()

function parsed(text: string): ParsedTemplate {
  const known = kept.get(text)
  if (known !== undefined) return known
  if (text.length > LONGEST)
    throw new TemplateSyntaxError(DECLARATIONS.length, `it is longer than ${LONGEST} characters, which is the most`)
  const template = parseTemplate(DECLARATIONS + text, functionProblem)
  if (kept.size === MOST_KEPT) kept.clear()
  kept.set(text, template)
  return template
}

function functionProblem(name: string): string | undefined {
  if (FUNCTIONS.has(name) || SHORT_CIRCUITS.has(name)) return undefined
  if (name === 'tmpl') return 'tmpl is a function of consoles, not of alerts: write {{ template "name" . }}'
  return `there is no function ${name}`
}

function dotOf({ labels, value, externalLabels, externalUrl }: TemplateData): AlertData {
  return new AlertData({
    Labels: new StringMap(labels),
    ExternalLabels: new StringMap(externalLabels),
    ExternalURL: externalUrl,
    Value: value
  })
}

function contextOf(data: TemplateData, host: TemplateHost): CallContext {
  const regexes = new Map<string, ReturnType<typeof compileRegex>>()
  let queries = 0
  return {
    data,
    query: async text => {
      if (++queries > MOST_QUERIES) throw new TemplateFailure(`a template may ask ${MOST_QUERIES} queries`)
      return samplesOf(await asked(text, data, host))
    },
    regex: pattern => {
      const known = regexes.get(pattern)
      if (known !== undefined) return known
      const problem = regexProblem(pattern)
      if (problem !== undefined) throw new TemplateFailure(problem)
      const made = compileRegex(pattern)
      regexes.set(pattern, made)
      return made
    }
  }
}

async function asked(text: string, data: TemplateData, host: TemplateHost) {
  try {
    return await host.ask(text, data.time)
  } catch (error) {
    throw new TemplateFailure(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function samplesOf(results: Awaited<ReturnType<TemplateHost['ask']>>): Samples {
  return new Samples(results.map(({ labels, value }) => new Sample(new StringMap(labels.toJSON()), value)))
}

/** A failure as Go words it. Columns are bytes from 0 on. */
function placed(text: string, name: string, { node, template }: Place, { message }: TemplateFailure): string {
  if (node === undefined) return `template: ${name}: ${message}`
  const before = text.slice(0, node.at)
  const line = before.split('\n').length
  const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1))
  return `template: ${name}:${line}:${column}: executing "${template}" at <${nodeText(node)}>: ${message}`
}

function placeIn(text: string, at: number): string {
  const before = text.slice(0, at)
  return `line ${before.split('\n').length}, column ${at - before.lastIndexOf('\n')}`
}
