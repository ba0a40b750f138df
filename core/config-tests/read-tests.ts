import path from 'node:path'
import { applyToNode } from '../config/apply.ts'
import type { YamlNode } from '../config/document.ts'
import type { Problems } from '../config/problems.ts'
import type { ResolvedConfig } from '../config/resolved.ts'
import { reportSchemaErrors } from '../config/schema-errors.ts'
import { readConfig } from '../config/validate.ts'
import type { Registry } from '../plugin/registry.ts'
import type { ConfigTestFile } from './config-test.ts'
import { type FileValue, type StepValue, TEST_FILE } from './schema.ts'
import { TestReader } from './test-reader.ts'

/**
 * The tests in a file, with the configurations that they name. All faults go to `problems`, each with its place; then the
 * result is undefined.
 */
export async function readConfigTests(
  file: string,
  root: YamlNode,
  registry: Registry,
  problems: Problems
): Promise<ConfigTestFile | undefined> {
  const { value, errors } = applyToNode(TEST_FILE, root)
  reportSchemaErrors(errors, root, problems)
  if (errors.length > 0) return undefined
  const { config, env = {}, tests } = value as FileValue
  const read = async (files: NonNullable<StepValue['reload']>) => {
    const paths = [files].flat().map(name => (path.isAbsolute(name) ? name : path.join(path.dirname(file), name)))
    const found = await readConfig(paths, env, registry)
    problems.secrets.addAll(found.problems.secrets)
    for (const { severity, position, message } of found.problems.all)
      if (severity === 'error') problems.error(position, message)
    return found.config
  }
  const first = await read(config)
  const reloads = new Map<string, ResolvedConfig>()
  for (const { reload } of tests.flatMap(({ steps }) => steps)) {
    const key = JSON.stringify(reload)
    const next = reload === undefined || reloads.has(key) ? undefined : await read(reload)
    if (next !== undefined) reloads.set(key, next)
  }
  if (first === undefined || problems.hasErrors) return undefined
  const reader = new TestReader(root, { first, reloads, problems })
  const all = tests.map((test, i) => reader.test(['tests', i], test))
  return problems.hasErrors ? undefined : { config: first, tests: all }
}
