import { WeirError } from '../errors.ts'
import { levenshtein } from '../packages.ts'
import { Secrets } from './secrets.ts'

/** A position in a file; line and column start at 1. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface Problem {
  readonly severity: 'error' | 'warning'
  readonly position: Position
  readonly message: string
}

/** All errors and warnings of a configuration, in the order of the files. */
export class Problems {
  readonly all: Problem[] = []
  /** Not shown, whatever a message holds. */
  readonly secrets = new Secrets()
  #blamed = new Set<string>()

  error(position: Position, message: string): void {
    this.all.push({ severity: 'error', position, message })
    this.#blamed.add(formatPosition(position))
  }

  warn(position: Position, message: string): void {
    this.all.push({ severity: 'warning', position, message })
  }

  hasErrorAt(position: Position): boolean {
    return this.#blamed.has(formatPosition(position))
  }

  get hasErrors(): boolean {
    return this.#blamed.size > 0
  }

  /** One line a problem: `file:line:column: error: message`. */
  format(): string {
    const seen = new Set(this.all.toSorted(byPosition).map(formatProblem))
    return this.secrets.hide([...seen].join('\n'))
  }

  throwIfErrors(): void {
    if (this.hasErrors) throw new WeirError('CONFIG_INVALID', this.format())
  }
}

/** ` (did you mean "x"?)` if one of `known` is close to `seen`, else the values there are. */
export function suggest(seen: string, known: readonly string[]): string {
  const { distance } = levenshtein()
  const ranked = known.map(name => ({ name, off: distance(seen.toLowerCase(), name.toLowerCase()) }))
  const best = ranked.sort((a, b) => a.off - b.off)[0]
  if (best !== undefined && best.off <= likeness(seen)) return `; did you mean "${best.name}"?`
  return known.length === 0 ? '' : `; known here: ${known.toSorted().join(', ')}`
}

/** `['windows', 2, 'size']` → `windows[2].size`. */
export function formatPath(path: readonly (string | number)[]): string {
  return path
    .map(step => (/^\d+$/.test(String(step)) ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '')
}

/** A value as the user wrote it, short enough for a message. */
export function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

// How many letters may be off; two swapped ones count as two.
function likeness(seen: string): number {
  return seen.length <= 3 ? 1 : Math.max(2, Math.floor(seen.length / 3))
}

function formatProblem({ severity, position, message }: Problem): string {
  return `${formatPosition(position)}: ${severity}: ${message}`
}

/** `file:line:column`. */
export function formatPosition({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`
}

function byPosition(a: Problem, b: Problem): number {
  const x = a.position
  const y = b.position
  return x.file === y.file ? x.line - y.line || x.column - y.column : 0
}
