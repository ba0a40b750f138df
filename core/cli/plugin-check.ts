import { statSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { parseYaml, toValue } from '../config/document.ts'
import { Problems } from '../config/problems.ts'
import { applySchema } from '../config/schema.ts'
import { describeError } from '../errors.ts'
import type { Plugin } from '../plugin/contract.ts'
import type { ContractOptions, Rule } from '../plugin/contract-rule.ts'
import { count } from '../plural.ts'
import { EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** Characters of an error; a difference of two blocks may have thousands. */
const LONGEST_ERROR = 400
/** Errors of timers may come after the rule that set them. */
const LATE_ERRORS_MS = 100

export interface CheckOptions {
  /** Type of the plugin to check, if the module has several. */
  readonly type?: string
  /** The plugin's options, as YAML. */
  readonly options?: string
  readonly optional?: readonly string[]
  readonly unreachable: boolean
}

/** Runs the contract on the plugins of a module, and prints a line for each rule. */
export async function checkPlugin(terminal: Terminal, module: string, options: CheckOptions): Promise<number> {
  const contract = contractOptions(terminal, options)
  if (contract === undefined) return EXIT.usage
  try {
    const warnings = await terminal.registry.add(specifierOf(module), path.resolve('weir.yaml'))
    for (const warning of warnings) terminal.error(`warning: ${warning}`)
  } catch (error) {
    terminal.error(describeError(error))
    return EXIT.invalid
  }
  const { added } = terminal.registry
  const checked = added.filter(({ type }) => type === (options.type ?? type))
  if (checked.length === 0) {
    const types = added.map(({ kind, type }) => `${kind} ${type}`).join(', ')
    terminal.error(`${module} has no plugin of type "${options.type}"; it has ${types || 'none'}`)
    return EXIT.usage
  }
  const wrong = checked.flatMap(plugin => optionProblems(plugin, contract.config))
  if (wrong.length > 0) {
    terminal.error(`${wrong.join('\n')}\ngive the least that a user must write by --options, as in --options 'port: 0'`)
    return EXIT.usage
  }
  return checkAll(terminal, checked, contract)
}

async function checkAll(terminal: Terminal, plugins: readonly Plugin[], options: ContractOptions): Promise<number> {
  const { contractOf } = await terminal.loadContract()
  let allKept = true
  for (const plugin of plugins) {
    terminal.out(`${plugin.kind} ${plugin.type}`)
    const rules = withUncaught(contractOf(plugin, options))
    let broken = 0
    for (const { name, advice, check } of rules) {
      const error = await check().then(() => undefined, oneLine)
      if (error !== undefined) broken++
      terminal.out(error === undefined ? `  kept    ${name}` : `  BROKEN  ${name}: ${error} → ${advice}`)
    }
    terminal.out(broken === 0 ? `keeps ${count(rules.length, 'rule')}` : `breaks ${broken} of ${rules.length} rules`)
    if (broken > 0) allKept = false
  }
  return allKept ? EXIT.ok : EXIT.invalid
}

/** Another rule, the last: until then errors of timers, which belong to none of the others, do not end the process. */
function withUncaught(rules: readonly Rule[]): Rule[] {
  const uncaught: unknown[] = []
  process.setUncaughtExceptionCaptureCallback(error => void uncaught.push(error))
  const last: Rule = {
    name: 'catches its errors',
    advice: 'Catch errors of timers, events and promises, and report them by context.log and context.status.',
    async check() {
      await setTimeout(LATE_ERRORS_MS)
      process.setUncaughtExceptionCaptureCallback(null)
      if (uncaught.length > 0) throw uncaught[0]
    }
  }
  return [...rules, last]
}

function oneLine(error: unknown): string {
  const text = stripVTControlCharacters(describeError(error)).replaceAll(/\s+/g, ' ').trim()
  return text.length > LONGEST_ERROR ? `${text.slice(0, LONGEST_ERROR)}…` : text
}

function contractOptions(terminal: Terminal, { options, optional, unreachable }: CheckOptions) {
  if (options === undefined) return { optional, unreachable } satisfies ContractOptions as ContractOptions
  const problems = new Problems()
  const root = parseYaml('--options', options, undefined, problems)
  if (root?.type === 'mapping' && !problems.hasErrors)
    return { config: toValue(root) as ContractOptions['config'], optional, unreachable } as ContractOptions
  const reason = problems.hasErrors ? problems.format() : `it is "${options}"`
  terminal.error(`--options must be YAML with names and values, as in 'port: 0': ${reason}`)
  return undefined
}

function optionProblems(plugin: Plugin, config: ContractOptions['config']): string[] {
  const { value, errors } = applySchema(plugin.schema, config ?? {})
  const wrong = errors.map(({ instancePath, message }) =>
    `${instancePath.slice(1).replaceAll('/', '.')} ${message}`.trim()
  )
  if (errors.length === 0)
    for (const { path, message } of plugin.check?.(value) ?? []) wrong.push(`${path.join('.')}: ${message}`)
  return wrong.map(text => `${plugin.kind} ${plugin.type}: ${text}`)
}

/** A file needs no `./` here. */
function specifierOf(module: string): string {
  const isFile = /\.[cm]?[jt]s$/.test(module) || statSync(module, { throwIfNoEntry: false })?.isFile() === true
  return isFile ? path.resolve(module) : module
}
