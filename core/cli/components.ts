import { suggest } from '../config/problems.ts'
import { fullSchema } from '../config/validate.ts'
import type { Plugin } from '../plugin/contract.ts'
import { KINDS } from '../plugin/registry.ts'
import { EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** All components, or everything about those of one type. */
export async function listComponents(terminal: Terminal, type: string | undefined): Promise<number> {
  const plugins = await allPlugins(terminal)
  if (type === undefined) {
    const width = Math.max(...plugins.map(plugin => plugin.type.length))
    for (const plugin of plugins) {
      terminal.out(
        `${plugin.kind.padEnd(10)} ${plugin.type.padEnd(width)} ${plugin.stability.padEnd(8)} ${plugin.description}`
      )
    }
    return EXIT.ok
  }
  const found = plugins.filter(plugin => plugin.type === type)
  if (found.length === 0) {
    terminal.error(
      `there is no component "${type}"${suggest(
        type,
        plugins.map(plugin => plugin.type)
      )}`
    )
    return EXIT.usage
  }
  for (const plugin of found) terminal.out(describePlugin(plugin))
  return EXIT.ok
}

export async function allPlugins({ registry }: Terminal): Promise<Plugin[]> {
  const plugins: Plugin[] = []
  for (const kind of KINDS) for (const type of registry.types(kind)) plugins.push((await registry.find(kind, type))!)
  return plugins
}

function describePlugin(plugin: Plugin): string {
  const ports = Object.entries(plugin.kind === 'extension' ? {} : plugin.ports).map(
    ([side, port]) => `${side}: ${port}`
  )
  const head = `${plugin.kind} ${plugin.type} (${[plugin.stability, ports.join(', ')].filter(part => part !== '').join('; ')})\n  ${plugin.description}\n`
  return `${head}\n${describeOptions(fullSchema(plugin), '  ').join('\n')}\n`
}

function describeOptions(schema: { readonly [keyword: string]: unknown }, indent: string): string[] {
  const lines: string[] = []
  const required = (schema.required ?? []) as readonly string[]
  for (const [name, option] of Object.entries((schema.properties ?? {}) as Record<string, Record<string, unknown>>)) {
    const isGroup = option.type === 'object' && option.properties !== undefined
    const value = required.includes(name)
      ? ' (required)'
      : isGroup || option.default === undefined
        ? ''
        : ` = ${show(option.default)}`
    lines.push(`${indent}${name}${value}\n${indent}    ${option.description ?? ''}`)
    if (isGroup) lines.push(...describeOptions(option, `${indent}  `))
  }
  return lines
}

const show = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
