// Types, lint and the rules of the house: `npm run check`.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { checkClientSize } from './client-size.ts'
import { checkCommentOpenings } from './comment-openings.ts'
import { checkFileLengths } from './file-lengths.ts'
import { checkGrafana } from './grafana-dashboards.ts'
import { checkImports } from './import-rules.ts'
import { checkNames } from './retired-names.ts'
import { checkShippedDependencies } from './shipped-dependencies.ts'

const ROOT = path.join(import.meta.dirname, '..')
const BIN = path.join(ROOT, 'node_modules/.bin')

const tools: [string, ...string[]][] = [
  ['tsc', '-p', '.'],
  ['tsc', '-p', 'web'],
  ['tsc', '-p', 'sdk/client/browser'],
  ['biome', 'check', '--error-on-warnings', '.']
]
const failures = tools.filter(
  ([tool, ...args]) => spawnSync(path.join(BIN, tool), args, { stdio: 'inherit' }).status !== 0
)
const broken = [
  ...(await checkImports(ROOT)),
  ...checkFileLengths(ROOT),
  ...checkCommentOpenings(ROOT),
  ...checkNames(ROOT),
  ...checkShippedDependencies(ROOT),
  ...checkGrafana(ROOT),
  ...(await checkClientSize())
]
for (const rule of broken) console.error(rule)
process.exit(failures.length + broken.length === 0 ? 0 : 1)
