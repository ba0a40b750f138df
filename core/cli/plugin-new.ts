import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describeError } from '../errors.ts'
import { PACKAGE_ROOT } from '../package-root.ts'
import type { Kind } from '../plugin/contract.ts'
import { EXIT } from './exit-codes.ts'
import { kebab, manifest, readme, TSCONFIG, WEIR_VERSION } from './plugin-package.ts'
import type { Terminal } from './terminal.ts'

const EXAMPLES = path.join(PACKAGE_ROOT, 'docs/examples')
/** The examples of the documentation that new plugins begin as, and the options with which they keep the contract. */
const TEMPLATES: Readonly<Record<Kind, { readonly type: string; readonly checkOptions: string }>> = {
  receiver: { type: 'graphite', checkOptions: ' --options "port: 0"' },
  processor: { type: 'drop_health_checks', checkOptions: '' },
  exporter: { type: 'webhook', checkOptions: ' --options "url: http://127.0.0.1:1" --unreachable' },
  extension: { type: 'heartbeat', checkOptions: ' --options "url: http://127.0.0.1:1"' }
}
const TYPE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/
/** YAML takes these for values, not for names. */
const NO_NAMES = ['null', 'true', 'false']
/** Characters. The name of an npm package has at most 214. */
const LONGEST_TYPE = 100

/** Makes a folder with a plugin that works, for its author to change. */
export async function newPlugin(terminal: Terminal, kind: Kind, type: string, given?: string): Promise<number> {
  const folder = given ?? kebab(type)
  const problem = nameProblem(terminal, kind, type) ?? makeFolder(folder)
  if (problem !== undefined) {
    terminal.error(problem)
    return EXIT.usage
  }
  const template = TEMPLATES[kind]
  const file = kebab(type)
  const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text)
  for (const end of ['.ts', '.test.ts', '.yaml']) {
    const example = readFileSync(path.join(EXAMPLES, kebab(template.type) + end), 'utf8')
    write(file + end, renamed(example, template.type, type))
  }
  write('package.json', json(manifest(kind, type, template.checkOptions)))
  write('tsconfig.json', json(TSCONFIG))
  write('.gitignore', 'node_modules\ndist\n')
  await terminal.registry.add(`./${file}.ts`, path.join(folder, 'package.json'))
  write('README.md', readme((await terminal.registry.find(kind, type))!, `${kebab(template.type)}.ts`))
  terminal.out(`${kind} ${type} is in ${folder}; README.md there says more\n\n${nextSteps(folder).join('\n')}`)
  return EXIT.ok
}

function nameProblem({ registry }: Terminal, kind: Kind, type: string): string | undefined {
  if (!TYPE.test(type) || type.length > LONGEST_TYPE) {
    const known = type
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '_')
      .replaceAll(/^[_0-9]+|_$/g, '')
    const advice = TYPE.test(known) && known.length <= LONGEST_TYPE ? `, such as ${known}` : ''
    return `the name of a plugin is lower_snake_case and at most ${LONGEST_TYPE} characters long${advice}: got "${type}"`
  }
  if (NO_NAMES.includes(type)) return `YAML takes ${type} for a value; choose another name`
  if (registry.types(kind).includes(type)) return `${kind} ${type} comes with Weir; give yours another name`
  return undefined
}

/** Makes the folder, or returns the reason why it cannot. */
function makeFolder(folder: string): string | undefined {
  if (path.resolve(folder).split(path.sep).includes('node_modules'))
    return `${folder} is in node_modules, where Node runs no TypeScript; name another folder`
  try {
    // Not with its parents: Node 26 does not come back where a folder cannot be made, as under /proc.
    mkdirSync(folder)
    return undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      return `${folder} exists already; name another folder behind the name of the plugin`
    return `cannot make the folder ${folder}: ${describeError(error)}`
  }
}

/** An example under another name. */
function renamed(text: string, from: string, to: string): string {
  return text
    .replaceAll(`./${kebab(from)}.`, `./${kebab(to)}.`)
    .replaceAll(new RegExp(`(?<![a-z])${from}(?![a-z])`, 'g'), to)
    .replaceAll(new RegExp(`\\b(class |new )${pascal(from)}`, 'g'), `$1${pascal(to)}`)
}

const pascal = (type: string) => type.replaceAll(/(?:^|_)(\w)/g, (_, first: string) => first.toUpperCase())

function nextSteps(folder: string): string[] {
  const isThere = parentsOf(path.resolve(folder)).some(parent => existsSync(path.join(parent, 'node_modules/weir')))
  // An installed package has nothing to compile it from.
  const pack = `npm pack '${PACKAGE_ROOT}'${import.meta.filename.endsWith('.ts') ? '' : ' --ignore-scripts'}`
  return [
    `cd ${folder}`,
    'npm install',
    ...(isThere ? [] : [`${pack} && npm install --save-dev ./weir-${WEIR_VERSION}.tgz`]),
    'npm test'
  ].map(step => `  ${step}`)
}

function parentsOf(folder: string): string[] {
  const parent = path.dirname(folder)
  return parent === folder ? [folder] : [folder, ...parentsOf(parent)]
}

const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`
