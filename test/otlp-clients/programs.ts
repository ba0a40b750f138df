import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Program, requireProgram } from '../servers/program.ts'

const HERE = import.meta.dirname
// The first build of Go's takes a minute on two idle cores.
const BUILD_TIMEOUT_MS = 600_000
const run = promisify(execFile)

/** A client in another language, made once for each version of its source. */
export interface Client {
  readonly name: string
  readonly skip: false | string
  /** Before its own arguments. */
  readonly command: readonly string[]
}

/** The SDK for Python, in an environment of its own. */
export async function pythonClient(): Promise<Client> {
  const python = await requireProgram({ binary: 'python3', hint: 'See https://www.python.org/downloads' })
  const build = async (folder: string) => {
    await run(python.path, ['-m', 'venv', folder])
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', join(HERE, 'requirements.txt')]
    await run(join(folder, 'bin/python'), pip, { timeout: BUILD_TIMEOUT_MS })
  }
  const made = await once(python, ['requirements.txt'], build)
  return { name: 'Python', skip: made.skip, command: [join(made.path, 'bin/python'), join(HERE, 'client.py')] }
}

/** The SDK for Go. */
export async function goClient(): Promise<Client> {
  const go = await requireProgram({ binary: 'go', hint: 'See https://go.dev/doc/install' })
  const build = async (folder: string) => {
    mkdirSync(folder, { recursive: true })
    const env = { ...process.env, GOTOOLCHAIN: 'auto', GOFLAGS: '-mod=readonly' }
    const options = { cwd: join(HERE, 'go'), env, timeout: BUILD_TIMEOUT_MS }
    await run(go.path, ['build', '-o', join(folder, 'client'), '.'], options)
  }
  const made = await once(go, ['go/main.go', 'go/go.sum'], build)
  return { name: 'Go', skip: made.skip, command: [join(made.path, 'client')] }
}

/** The folder that `build` has filled, now or earlier, for these sources. */
async function once(
  tool: Program,
  sources: readonly string[],
  build: (folder: string) => Promise<void>
): Promise<{ readonly path: string; readonly skip: false | string }> {
  if (tool.skip !== false) return tool
  const hash = createHash('sha256')
  for (const source of sources) hash.update(readFileSync(join(HERE, source)))
  const path = join(tmpdir(), `weir-otlp-client-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(path)) return { path, skip: false }
  try {
    await build(path)
    return { path, skip: false }
  } catch (error) {
    // Half a folder would pass for a whole one.
    rmSync(path, { recursive: true, force: true })
    if (process.env.CI === 'true') throw error
    return { path: '', skip: `the client could not be built: ${(error as Error).message}` }
  }
}
