import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Program } from './program.ts'

const INSTALL_TIMEOUT_MS = 300_000
const run = promisify(execFile)

/**
 * A Python with `packages` of pip, each as `name==version`. It is kept in the temporary folder for later runs. Missing
 * is a failure under `CI=true`, and otherwise a reason to skip.
 */
export async function requirePython(...packages: string[]): Promise<Program> {
  const key = createHash('sha256').update(packages.join()).digest('hex').slice(0, 12)
  const folder = path.join(tmpdir(), `weir-test-python-${key}`)
  const python = path.join(folder, 'bin/python')
  try {
    await access(python).catch(() => install(folder, packages))
    return { path: python, skip: false }
  } catch (error) {
    const skip = `no Python with ${packages.join(', ')}: ${(error as Error).message}`
    if (process.env.CI === 'true') throw new Error(skip, { cause: error })
    return { path: '', skip }
  }
}

// Made elsewhere and renamed at the end, so that tests side by side see a whole one or none.
async function install(folder: string, packages: readonly string[]): Promise<void> {
  const draft = await mkdtemp(`${folder}-`)
  try {
    await run('python3', ['-m', 'venv', draft], { timeout: INSTALL_TIMEOUT_MS })
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]
    await run(path.join(draft, 'bin/python'), pip, { timeout: INSTALL_TIMEOUT_MS })
    await rename(draft, folder).catch(async error => {
      // Another test was faster.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}
