import { writeFileSync } from 'node:fs'
import { MOST_DEEP, tooDeep } from '../config/depth.ts'
import { parseYaml, toValue } from '../config/document.ts'
import { readBounded } from '../config/load.ts'
import { formatPosition, Problems } from '../config/problems.ts'
import { describeError } from '../errors.ts'
import { count } from '../plural.ts'
import { EXIT } from './exit-codes.ts'
import { Comments } from './import/comments.ts'
import type { Draft } from './import/draft.ts'
import { importOtelcol } from './import/otelcol/config.ts'
import { importStatsd } from './import/statsd/config.ts'
import { readJsObject } from './import/statsd/js-object.ts'
import { TOOLS, type Tool, toolOf } from './import/tool.ts'
import { importScrapeFile } from './import/vmagent/scrape-file.ts'
import { importStreamAggregation } from './import/vmagent/stream-aggregation.ts'
import type { Terminal } from './terminal.ts'

export interface ImportOptions {
  /** The tool that the file is of; undefined: its content tells. */
  readonly from?: Tool
  /** The file that is written; undefined: standard output. */
  readonly output?: string
}

/** Writes the configuration of Weir that does what the configuration of another tool does. */
export async function importConfig(terminal: Terminal, file: string, { from, output }: ImportOptions): Promise<number> {
  let text: string
  try {
    text = readBounded(file)
  } catch (error) {
    terminal.error(`cannot read ${file}: ${describeError(error)}`)
    return EXIT.invalid
  }
  const draft = draftOf(terminal, file, text, from)
  return draft === undefined ? EXIT.invalid : write(terminal, file, draft, output)
}

function draftOf(terminal: Terminal, file: string, text: string, from: Tool | undefined): Draft | undefined {
  // JSON is both.
  const isJs = from === 'statsd' || (from === undefined && (/\.c?js$/.test(file) || toolOf(jsValue(text)) === 'statsd'))
  if (isJs) return statsdDraft(terminal, file, text)
  const problems = new Problems()
  const root = parseYaml(file, text, undefined, problems)
  if (problems.hasErrors || root === undefined) {
    terminal.error(problems.format() || `${file}: it is empty`)
    return undefined
  }
  const deep = tooDeep(root)
  if (deep !== undefined) {
    terminal.error(`${formatPosition(deep)}: values are nested more than ${MOST_DEEP} deep`)
    return undefined
  }
  const value = toValue(root)
  const kind = from ?? toolOf(value)
  if (kind === undefined) {
    terminal.error(`${file}: its content does not tell which tool it is of; use --from ${TOOLS.join(', --from ')}`)
    return undefined
  }
  const comments = new Comments(text, root)
  if (kind === 'otelcol') return importOtelcol(value, path => comments.above(path))
  if (Array.isArray(value)) return importStreamAggregation(value, i => comments.above([i]))
  return importScrapeFile(value)
}

function statsdDraft(terminal: Terminal, file: string, text: string): Draft | undefined {
  try {
    const { value, unreadable } = readJsObject(text)
    return importStatsd(value, unreadable)
  } catch (error) {
    terminal.error(`${file}: ${describeError(error)}`)
    return undefined
  }
}

function jsValue(text: string): unknown {
  try {
    return readJsObject(text).value
  } catch {
    return undefined
  }
}

function write(terminal: Terminal, file: string, draft: Draft, output: string | undefined): number {
  if (draft.hasPipelines) {
    const text = draft.toString()
    if (output === undefined) terminal.out(text.trimEnd())
    else if (!writeTo(terminal, output, text)) return EXIT.invalid
    if (draft.notes > 0) terminal.error(`${count(draft.notes, 'comment')} on what has no twin, or differs`)
  } else terminal.error(`${file}: nothing is written, for no pipeline of metrics or logs is left`)
  for (const sentence of draft.broken) terminal.error(`${file}: ${sentence}`)
  return draft.broken.length > 0 || !draft.hasPipelines ? EXIT.invalid : EXIT.ok
}

function writeTo(terminal: Terminal, output: string, text: string): boolean {
  try {
    writeFileSync(output, text)
    return true
  } catch (error) {
    terminal.error(`cannot write ${output}: ${describeError(error)}`)
    return false
  }
}
