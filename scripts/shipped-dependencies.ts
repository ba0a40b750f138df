import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The files of the npm package that import others. */
const SHIPPED = ['{core,receivers,processors,exporters,extensions,sdk}/**/*.ts', 'built-ins.ts', 'bin/*.js']
/** The name of an imported package; of `node:fs` it is `node`. */
const PACKAGE = /(?:\bfrom |\bimport\()'((?:@[\w.-]+\/)?\w[\w.-]*)/g

/**
 * Dependencies in package.json that no shipped file imports: one sentence each. Biome's `noUndeclaredDependencies` finds
 * the opposite, an import that is no dependency.
 */
export function checkShippedDependencies(root: string): string[] {
  const files = globSync(SHIPPED, { cwd: root }).map(file => readFileSync(path.join(root, file), 'utf8'))
  const imported = new Set(files.flatMap(text => [...text.matchAll(PACKAGE)].map(([, name]) => name)))
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  return Object.keys({ ...dependencies, ...peerDependencies })
    .filter(name => !imported.has(name.replace(/^@types\//, '')))
    .map(name => `package.json: no shipped file imports ${name}; move it to devDependencies, or remove it`)
}
