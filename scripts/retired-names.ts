import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'

const SOURCES = '{core,receivers,processors,exporters,sdk,bench,scripts,test}/**/*.ts'

/** Words that names had once, in camelCase, and the words that stand for them now. Add a name once its last use is gone. */
const RETIRED: ReadonlyMap<string, string> = new Map([
  ['burial', 'dead-letter writer'],
  ['burials', 'dead-letter writer'],
  ['handedBack', 'nacked'],
  ['putOut', 'emitted']
])

/** Names of files and identifiers under `root` that hold a retired word: one sentence each. */
export function checkNames(root: string, retired = RETIRED): string[] {
  const table = [...retired].map(([name, instead]) => ({ words: wordsOf(name), name, instead }))
  const broken = new Set<string>()
  const check = (where: string, name: string) => {
    const words = wordsOf(name)
    for (const entry of table)
      if (holds(words, entry.words)) broken.add(`${where}: say "${entry.instead}" in place of "${entry.name}"`)
  }
  for (const file of globSync(SOURCES, { cwd: root })) {
    check(file, file.replaceAll('/', '_'))
    for (const name of identifiersOf(readFileSync(path.join(root, file), 'utf8'))) check(`${file}, ${name}`, name)
  }
  return [...broken]
}

/** `handedBack`, `HANDED_BACK` and `handed-back` are the same two words. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
}

/** Whether `words` has all of `retired` in a row. */
function holds(words: readonly string[], retired: readonly string[]): boolean {
  return words.some((_, i) => retired.every((word, k) => words[i + k] === word))
}

function identifiersOf(text: string): Set<string> {
  const names = new Set<string>()
  const visit = (node: ts.Node) => {
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) names.add(node.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest))
  return names
}
