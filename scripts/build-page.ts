// Bundles web/ into dist/web, which the admin server serves: `npm run build:page`. npm does it after an install.
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'

const ROOT = path.join(import.meta.dirname, '..')
const SOURCES = path.join(ROOT, 'web')
const TARGET = path.join(ROOT, 'dist/web')
/** In a bundled file's path: the package that it comes from. */
const PACKAGE = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//

/** Writes the page, and `licenses.txt` with those of all that is bundled into it. */
export async function buildPage(): Promise<void> {
  await rm(TARGET, { recursive: true, force: true })
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [path.join(SOURCES, 'app/main.ts'), path.join(SOURCES, 'style.css')],
    outdir: TARGET,
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2023',
    minify: true,
    metafile: true,
    // Licenses are found by the paths of packages, also if node_modules is a link.
    preserveSymlinks: true,
    logLevel: 'warning'
  })
  await mkdir(TARGET, { recursive: true })
  await copyFile(path.join(SOURCES, 'index.html'), path.join(TARGET, 'index.html'))
  const packages = new Set(Object.keys(metafile.inputs).flatMap(file => PACKAGE.exec(file)?.[1] ?? []))
  await writeFile(path.join(TARGET, 'licenses.txt'), await licensesOf([...packages].sort()))
}

async function licensesOf(packages: readonly string[]): Promise<string> {
  const texts = packages.map(async name => {
    const folder = path.join(ROOT, 'node_modules', name)
    const { version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'))
    const text = await readFile(path.join(folder, 'LICENSE'), 'utf8').catch(() => '')
    return `${name} ${version} (${license})\n\n${text.trim()}\n`
  })
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`)
}

if (import.meta.main) await buildPage()
