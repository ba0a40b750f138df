import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import type { Figures } from './measure.ts'

/** The figures that the documentation shows. */
export const RESULTS_FILE = path.join(import.meta.dirname, '../results.json')

/** All runs of one case, taken in turns on one machine. */
export interface CaseResult {
  readonly case: string
  readonly machine: string
  /** By program. */
  readonly versions: Readonly<Record<string, string>>
  /** Of one measured flood. */
  readonly seconds: number
  readonly runs: readonly Figures[]
}

export function readResults(): CaseResult[] {
  return existsSync(RESULTS_FILE) ? JSON.parse(readFileSync(RESULTS_FILE, 'utf8')) : []
}

/** A case measured anew takes the place of its earlier result, since figures of one run alone compare. */
export function writeResults(measured: CaseResult): void {
  const kept = readResults().filter(({ case: name }) => name !== measured.case)
  writeFileSync(RESULTS_FILE, `${JSON.stringify([...kept, measured].sort(byName), null, 2)}\n`)
}

/** The means of a program's runs. Undefined if it has none. */
export function meanOf({ runs }: CaseResult, program: string): Figures | undefined {
  const own = runs.filter(run => run.program === program)
  if (own.length === 0) return undefined
  const keys = Object.keys(own[0]).filter(key => key !== 'case' && key !== 'program') as (keyof Figures)[]
  const mean = (key: keyof Figures) => {
    const values = own.map(run => run[key])
    return values.includes(null) ? null : values.reduce<number>((sum, value) => sum + Number(value), 0) / own.length
  }
  return { ...own[0], ...Object.fromEntries(keys.map(key => [key, mean(key)])) }
}

/** The kind of machine, in plain words. */
export function describeMachine(): string {
  const memory = Math.round(os.totalmem() / 2 ** 30)
  return `${os.availableParallelism()} cores (${process.arch}), ${memory} GiB of memory, ${os.type()}`
}

function byName({ case: one }: CaseResult, { case: other }: CaseResult): number {
  return one.localeCompare(other, 'en', { numeric: true })
}
