import { access, constants, mkdir, readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

const INSTALL = 'npm install chdb (Linux with glibc or macOS, x64 or arm64), or use `endpoint` with a ClickHouse server'
/** The process of an engine whose Weir was killed ends by itself; it may still be about to. */
const ORPHAN_ENDS_MS = 2000
const LOOK_INTERVAL_MS = 50

/** Makes the folder. Rejects if the engine will not open it, as far as that can be told without loading the engine. */
export async function checkFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new Error(
      `cannot write to ${folder} (${(error as NodeJS.ErrnoException).code}): give Weir's user the right to`
    )
  }
  checkInstalled()
  let holder = await holderOf(folder)
  for (let ms = 0; holder !== undefined && ms < ORPHAN_ENDS_MS; ms += LOOK_INTERVAL_MS) {
    await setTimeout(LOOK_INTERVAL_MS)
    holder = await holderOf(folder)
  }
  if (holder !== undefined) throw new Error(`${folder} is open in process ${holder}: stop it, or use another folder`)
}

/** Looks for the package and its library for this platform, without loading them. */
function checkInstalled(): void {
  const libc = process.platform === 'linux' ? '-gnu' : ''
  const library = `@chdb/lib-${process.platform}-${process.arch}${libc}`
  for (const name of ['chdb', library]) {
    try {
      createRequire(import.meta.resolve('chdb')).resolve(name)
    } catch (cause) {
      throw new Error(`\`embedded\` needs the optional package ${name}: ${INSTALL}`, {
        cause
      })
    }
  }
}

/** The process that has the folder open: the engine notes its id in a file, and locks that. */
async function holderOf(folder: string): Promise<number | undefined> {
  const file = join(folder, 'status')
  const status = await readFile(file, 'utf8').catch(() => '')
  const pid = Number(/^PID: (\d+)/.exec(status)?.[1])
  if (Number.isNaN(pid)) return undefined
  // After a crash the id may long be another process's; the lock went with the one that had it.
  const locks = await readFile('/proc/locks', 'utf8').catch(() => undefined)
  const isHeld = locks === undefined ? isAlive(pid) : locks.includes(`:${(await stat(file)).ino} `)
  return isHeld ? pid : undefined
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
