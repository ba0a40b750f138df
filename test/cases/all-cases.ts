import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { load } from 'js-yaml'
import { builtIns } from '../../built-ins.ts'
import { Registry } from '../../core/plugin/registry.ts'
import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'

/** A folder of README.md's kind. */
export interface Case {
  /** `filter/include` */
  readonly name: string
  readonly folder: string
  readonly plugin: ProcessorPlugin
  readonly options: Record<string, unknown>
  readonly input: string
}

/** The processors there are, each with its cases. */
export async function allCases(): Promise<Map<ProcessorPlugin, Case[]>> {
  const registry = new Registry(builtIns)
  const cases = new Map<ProcessorPlugin, Case[]>()
  for (const type of registry.types('processor')) {
    const plugin = (await registry.find('processor', type)) as ProcessorPlugin
    const inputs = globSync(`${type}/*/input.txt`, { cwd: import.meta.dirname }).sort()
    cases.set(
      plugin,
      inputs.map(input => readCase(plugin, path.dirname(input)))
    )
  }
  return cases
}

function readCase(plugin: ProcessorPlugin, name: string): Case {
  const folder = path.join(import.meta.dirname, name)
  const [config, input] = ['config.yaml', 'input.txt'].map(file => readFileSync(path.join(folder, file), 'utf8'))
  return { name, folder, plugin, options: (load(config) ?? {}) as Record<string, unknown>, input }
}
