import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

const MAX_LINES = 300
const SOURCES = '{core,receivers,processors,exporters,sdk,bench,scripts}/**/*.ts'
const IMPORT = /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from '(\.[^']+)'|import\('(\.[^']+)'\)/g
/** What components may import besides their own folder. */
const OPEN_TO_COMPONENTS = ['sdk/plugin/', 'core/model/', 'core/wire/', 'core/http/', 'core/windows/']
const COMPONENT_FOLDERS = ['receivers', 'processors', 'exporters']
/** The one file that knows all components, and the one that may import it. */
const BUILT_INS = 'built-ins.ts'
const MAIN = 'core/main.ts'

interface Source {
  /** Relative to the root, as are `imports`. */
  readonly file: string
  readonly imports: readonly string[]
  readonly lines: number
}

/** What breaks the rules of the house in the sources under `root`: one sentence each. */
export function checkHouse(root: string): string[] {
  const sources = globSync([SOURCES, BUILT_INS], { cwd: root }).map(file => readSource(root, file))
  return [...sources.flatMap(checkLength), ...sources.flatMap(checkImports), ...findCircles(sources)]
}

function readSource(root: string, file: string): Source {
  const text = readFileSync(path.join(root, file), 'utf8')
  const imports = [...text.matchAll(IMPORT)].map(([, from, dynamic]) => path.join(path.dirname(file), from ?? dynamic))
  return { file, imports, lines: text.split('\n').length - 1 }
}

function checkLength({ file, lines }: Source): string[] {
  return lines > MAX_LINES ? [`${file} has ${lines} lines: split it by concept, ${MAX_LINES} are the most`] : []
}

function checkImports({ file, imports }: Source): string[] {
  const component = componentOf(file)
  return imports.flatMap(other => {
    if (other === BUILT_INS && file !== MAIN && !file.startsWith('scripts/'))
      return [`${file} imports ${BUILT_INS}: only ${MAIN} may`]
    if (file.startsWith('core/') && componentOf(other) !== undefined)
      return [`${file} imports the component file ${other}: core knows no component`]
    if (component === undefined || other.startsWith(`${component}/`)) return []
    if (OPEN_TO_COMPONENTS.some(folder => other.startsWith(folder))) return []
    return [`${file} imports ${other}: components import ${OPEN_TO_COMPONENTS.join(', ')} and their own folder`]
  })
}

function findCircles(sources: readonly Source[]): string[] {
  const importsOf = new Map(sources.map(({ file, imports }) => [file, imports]))
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (file: string, trail: readonly string[]) => {
    if (trail.includes(file))
      circles.push(`imports run in a circle: ${[...trail.slice(trail.indexOf(file)), file].join(' → ')}`)
    if (done.has(file) || trail.includes(file)) return
    for (const other of importsOf.get(file) ?? []) visit(other, [...trail, file])
    done.add(file)
  }
  for (const { file } of sources) visit(file, [])
  return circles
}

function componentOf(file: string): string | undefined {
  const [folder, name] = file.split('/')
  return COMPONENT_FOLDERS.includes(folder) ? `${folder}/${name}` : undefined
}
