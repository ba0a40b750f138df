import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const INSTALL_TIMEOUT_MS = 300_000
// A build takes a minute on two idle cores, and more while other tests run.
const BUILD_TIMEOUT_MS = 600_000
// Test files run side by side and may want the same package: the second waits for the first one's lock.
const APT_OPTIONS = ['-o', 'DPkg::Lock::Timeout=240', '-y', '-q', '--no-install-recommends']

export interface Wanted {
  readonly binary: string
  /** Its folder, if that is not on the PATH. */
  readonly folder?: string
  readonly debianPackage?: string
  /** With its version. Go builds it into `folder`. */
  readonly goPackage?: string
  /** How to get it elsewhere, as a sentence. */
  readonly hint: string
}

/** `skip` is what `node:test` takes: false, or why the tests cannot run here. */
export type Program = { readonly path: string; readonly skip: false } | { readonly path: ''; readonly skip: string }

/**
 * The path of a program tests need. Missing: built where there is Go, or installed where this is Debian and we are root; a
 * failure under `CI=true`, for there nobody reads skips; otherwise a reason to skip.
 */
export async function requireProgram(wanted: Wanted): Promise<Program> {
  const path = (await find(wanted)) ?? (await built(wanted)) ?? (await installed(wanted))
  if (path !== undefined) return { path, skip: false }
  const skip = `${wanted.binary} is not in ${wanted.folder ?? 'the PATH'}. ${wanted.hint}`
  if (process.env.CI === 'true') throw new Error(skip)
  return { path: '', skip }
}

async function find({ binary, folder }: Wanted): Promise<string | undefined> {
  for (const place of folder === undefined ? (process.env.PATH ?? '').split(delimiter) : [folder]) {
    const path = join(place, binary)
    if (await may(path, constants.X_OK)) return path
  }
  return undefined
}

async function built(wanted: Wanted): Promise<string | undefined> {
  const { goPackage, folder } = wanted
  if (goPackage === undefined || folder === undefined) return undefined
  const env = { ...process.env, GOBIN: folder, GOTOOLCHAIN: 'auto' }
  await promisify(execFile)('go', ['install', goPackage], { timeout: BUILD_TIMEOUT_MS, env }).catch(() => {})
  return find(wanted)
}

async function installed(wanted: Wanted): Promise<string | undefined> {
  if (
    wanted.debianPackage === undefined ||
    process.getuid?.() !== 0 ||
    !(await may('/etc/debian_version', constants.R_OK))
  )
    return undefined
  const run = promisify(execFile)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  // An update that fails still leaves the lists of before.
  await run('apt-get', [...APT_OPTIONS, 'update'], { timeout: INSTALL_TIMEOUT_MS, env }).catch(() => {})
  await run('apt-get', [...APT_OPTIONS, 'install', wanted.debianPackage], { timeout: INSTALL_TIMEOUT_MS, env }).catch(
    () => {}
  )
  return find(wanted)
}

const may = (path: string, mode: number) =>
  access(path, mode).then(
    () => true,
    () => false
  )
