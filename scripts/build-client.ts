// Bundles sdk/client/ into dist/client, which is the npm package weir-client: `npm run build:client`.
import { spawnSync } from 'node:child_process'
import { copyFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type BuildOptions, build } from 'esbuild'

const ROOT = path.join(import.meta.dirname, '..')
const SOURCES = path.join(ROOT, 'sdk/client')
const TARGET = path.join(ROOT, 'dist/client')
/** Folders of the modules of each kind, and of their types, which TypeScript takes for modules of the same kind. */
const KINDS = [
  ['esm', 'module'],
  ['cjs', 'commonjs']
] as const

const COMMON: BuildOptions = { absWorkingDir: SOURCES, bundle: true, logLevel: 'warning' }
/** Each is a part of the package that applications import by itself. Peers, such as OpenTelemetry's SDK, are theirs. */
const NODE: BuildOptions = {
  ...COMMON,
  entryPoints: ['index.ts', 'opentelemetry/index.ts', 'express/index.ts', 'express/fastify.ts'],
  packages: 'external',
  platform: 'node',
  target: 'node20'
}
/** Browsers of 2022 and later. */
const BROWSER: BuildOptions = {
  ...COMMON,
  entryPoints: ['browser/index.ts'],
  format: 'esm',
  target: 'es2022',
  minify: true
}

/** Writes the package, and throws if its types do not compile. */
export async function buildClient(target = TARGET): Promise<void> {
  await rm(target, { recursive: true, force: true })
  for (const [format, type] of KINDS) {
    await build({ ...NODE, outdir: path.join(target, format), format })
    await writeFile(path.join(target, format, 'package.json'), `${JSON.stringify({ type })}\n`)
    emitTypes(path.join(target, format), SOURCES)
  }
  await build({ ...BROWSER, outfile: path.join(target, 'browser/index.js') })
  emitTypes(target, path.join(SOURCES, 'browser'))
  for (const file of ['package.json', 'README.md']) await copyFile(path.join(SOURCES, file), path.join(target, file))
  await copyFile(path.join(ROOT, 'LICENSE'), path.join(target, 'LICENSE'))
}

/** The text of the bundle for browsers. */
export async function bundleForBrowsers(options: BuildOptions = {}): Promise<string> {
  const { outputFiles } = await build({ ...BROWSER, ...options, write: false })
  return outputFiles[0].text
}

function emitTypes(folder: string, project: string): void {
  const tsc = path.join(ROOT, 'node_modules/.bin/tsc')
  const options = [
    '--noEmit',
    'false',
    '--emitDeclarationOnly',
    '--declaration',
    '--rootDir',
    SOURCES,
    '--outDir',
    folder
  ]
  const { status } = spawnSync(tsc, ['-p', project, ...options], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`the types of ${project} do not compile`)
}

if (import.meta.main) await buildClient()
