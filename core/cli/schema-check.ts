import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describeError } from '../errors.ts'
import { incompatibilities } from '../schema/compatibility.ts'
import { EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/**
 * Prints the ways in which events that fit the old schemas may not fit the new ones. Both are files, or folders whose
 * files are compared by their names.
 */
export function checkSchemas(terminal: Terminal, before: string, after: string): number {
  try {
    const pairs = statSync(before).isDirectory()
      ? pairsOf(before, after)
      : [{ name: path.basename(after), before, after }]
    let problems = 0
    for (const pair of pairs) {
      const found = incompatibilities(readSchema(pair.before), readSchema(pair.after))
      problems += found.length
      for (const problem of found) terminal.out(`${pair.name}: ${problem}`)
    }
    if (problems === 0) terminal.out(`compatible: what fits ${before} fits ${after}`)
    return problems === 0 ? EXIT.ok : EXIT.invalid
  } catch (error) {
    terminal.error(`cannot compare ${before} and ${after}: ${describeError(error)}`)
    return EXIT.invalid
  }
}

interface Pair {
  readonly name: string
  readonly before: string
  readonly after: string
}

/** The files that both folders have: without its file, an event is not checked. */
function pairsOf(before: string, after: string): Pair[] {
  const kept = new Set(schemaFiles(after))
  const names = schemaFiles(before).filter(name => kept.has(name))
  return names.map(name => ({ name, before: path.join(before, name), after: path.join(after, name) }))
}

const schemaFiles = (folder: string) =>
  readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .sort()

function readSchema(file: string): unknown {
  const text = readFileSync(file, 'utf8')
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`${file} is not JSON`, { cause })
  }
}
