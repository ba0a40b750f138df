// Writes configs/grafana/, which is made of configs/dashboards/: `node scripts/grafana-dashboards.ts`
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { checkDashboard } from '../core/admin/dashboards/check.ts'
import { grafanaDashboard } from './grafana/dashboard.ts'
import { DATA_SOURCES, PROVIDERS } from './grafana/sources.ts'

const ROOT = path.join(import.meta.dirname, '..')
const FOLDER = 'configs/grafana'

/** Text by the file. Throws if a dashboard is wrong. */
export function renderGrafana(root = ROOT): Map<string, string> {
  const files = new Map([
    [`${FOLDER}/provisioning/datasources/weir.yaml`, DATA_SOURCES],
    [`${FOLDER}/provisioning/dashboards/weir.yaml`, PROVIDERS]
  ])
  for (const file of globSync('configs/dashboards/*.json', { cwd: root }).sort()) {
    const { dashboard, problems } = checkDashboard(readFileSync(path.join(root, file), 'utf8'))
    if (dashboard === undefined)
      throw new Error(problems.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`).join('\n'))
    const name = path.basename(file, '.json')
    files.set(
      `${FOLDER}/dashboards/${name}.json`,
      `${JSON.stringify(grafanaDashboard(name, dashboard), undefined, 2)}\n`
    )
  }
  return files
}

/** Files under `root` that are not as they are to be: one sentence each. */
export function checkGrafana(root: string): string[] {
  const wanted = renderGrafana(root)
  const present = globSync(`${FOLDER}/**/*.{json,yaml}`, { cwd: root })
  const stale = [...wanted].filter(
    ([file, text]) => !present.includes(file) || readFileSync(path.join(root, file), 'utf8') !== text
  )
  return [
    ...stale.map(([file]) => `${file} is not what configs/dashboards makes: run node scripts/grafana-dashboards.ts`),
    ...present.filter(file => !wanted.has(file)).map(file => `${file}: no dashboard makes it; remove it`)
  ]
}

function writeGrafana(): void {
  for (const [file, text] of renderGrafana()) {
    mkdirSync(path.dirname(path.join(ROOT, file)), { recursive: true })
    writeFileSync(path.join(ROOT, file), text)
  }
}

if (import.meta.main) writeGrafana()
