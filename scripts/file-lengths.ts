import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

const MAX_LINES = 300
const SOURCES = ['{core,receivers,processors,exporters,extensions,sdk,web,bench,scripts}/**/*.ts', 'built-ins.ts']

/** Sources under `root` that are too long: one sentence each. */
export function checkFileLengths(root: string): string[] {
  return globSync(SOURCES, { cwd: root }).flatMap(file => {
    const lines = readFileSync(path.join(root, file), 'utf8').split('\n').length - 1
    return lines > MAX_LINES ? [`${file} has ${lines} lines: split it by concept, ${MAX_LINES} are the most`] : []
  })
}
