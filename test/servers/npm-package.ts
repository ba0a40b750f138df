import { execFile } from 'node:child_process'
import { access, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Program } from './program.ts'

const INSTALL_TIMEOUT_MS = 120_000

/**
 * The folder of an npm package that is a program of its own, and so no dependency of Weir's tests. It is kept in the
 * temporary folder for later runs. Missing is a failure under `CI=true`, and otherwise a reason to skip.
 */
export async function requireNpmPackage(name: string, version: string): Promise<Program> {
  const folder = path.join(tmpdir(), `weir-test-npm-${name}-${version}`)
  const program = path.join(folder, 'node_modules', name)
  try {
    await access(program).catch(() => install(folder, `${name}@${version}`))
    return { path: program, skip: false }
  } catch (error) {
    const skip = `no npm package ${name}@${version}: ${(error as Error).message}`
    if (process.env.CI === 'true') throw new Error(skip, { cause: error })
    return { path: '', skip }
  }
}

// Made elsewhere and renamed at the end, so that tests side by side see a whole one or none.
async function install(folder: string, wanted: string): Promise<void> {
  const draft = await mkdtemp(`${folder}-`)
  try {
    const command = ['install', '--prefix', draft, '--ignore-scripts', '--no-audit', '--no-fund', wanted]
    await promisify(execFile)('npm', command, { timeout: INSTALL_TIMEOUT_MS })
    await rename(draft, folder).catch(error => {
      // Another test was faster.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}
