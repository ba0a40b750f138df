import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'

const SOURCES = '{core,receivers,processors,exporters,sdk,bench,scripts,test}/**/*.ts'

/** Words that names had once, in camelCase, and the words that stand for them now. Add a name once its last use is gone. */
const RETIRED: ReadonlyMap<string, string> = new Map([
  ['alsoReads', 'external inputs'],
  ['amends', 'corrects'],
  ['backlog', 'disk buffer'],
  ['burial', 'dead-letter writer'],
  ['burials', 'dead-letter writer'],
  ['buried', 'written'],
  ['custodian', 'entry settlements'],
  ['doneOver', 'replayed'],
  ['entrance', 'ingress'],
  ['forget', 'expire, evict, discard or reset'],
  ['handedBack', 'nacked'],
  ['handedOn', 'forwarded'],
  ['handsBack', 'rejects'],
  ['intake', 'ingest or append'],
  ['lane', 'sending queue'],
  ['lanes', 'sending queues'],
  ['letGo', 'reset'],
  ['outbox', 'output buffer'],
  ['owned', 'output'],
  ['owesZero', 'needs start point'],
  ['owning', 'stateful'],
  ['putOut', 'emitted'],
  ['spill', 'overflow to disk'],
  ['stateKeeper', 'state backend'],
  ['strip', 'drop attributes'],
  ['sweep', 'expire'],
  ['swept', 'expired']
])

/** Names that are part of a format on disk or of a language, by the file that reads and writes it. */
const PERSISTED: ReadonlyMap<string, readonly string[]> = new Map([
  // A function of Node.
  ['core/cli/plugin-check.ts', ['stripVTControlCharacters']],
  ['core/model/stream-table.ts', ['swept']],
  ['core/pipeline/checkpoint/file.ts', ['lanes']],
  ['core/pipeline/stateful/stateful-processor.ts', ['outbox']],
  ['core/rules/template/functions/text.ts', ['stripPort', 'stripDomain']],
  ['core/windows/snapshot.ts', ['outbox', 'sweptHour']],
  ['processors/cardinality_limiter/last-values.ts', ['owesZero']],
  ['processors/cardinality_limiter/snapshot.ts', ['owesZero']],
  ['processors/dedup/leader-election.ts', ['nextSweep']],
  ['processors/rate_limiter/buckets.ts', ['swept']],
  ['test/core/windows/snapshot.test.ts', ['sweptHour']]
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
    for (const name of identifiersOf(readFileSync(path.join(root, file), 'utf8')))
      if (!PERSISTED.get(file)?.includes(name)) check(`${file}, ${name}`, name)
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
