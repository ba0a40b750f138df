import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Logger } from 'pino'
import { describeError, WeirError } from '../errors.ts'
import { networkFileSystemOf } from './file-system-type.ts'

/** An SQLite database, empty: only its lock is used. */
const FILE_NAME = 'lock'
/** Two that start at once may each find the other in the way for a moment. SQLite tries again within this time. */
const TRY_MS = 500
const SQLITE_BUSY = 5

/** A database that is collected as garbage is closed, and its lock is gone. */
const held = new Set<DatabaseSync>()

/**
 * Locks `folder` against every other process, in any container, until the returned function is called or the process
 * ends. The system takes the lock back however the process ends. Throws `STATE_INVALID` if another process holds it, or
 * if it cannot be taken.
 * @param log warned if the file system may not keep the promise
 */
export async function lockFolder(folder: string, log?: Logger): Promise<() => Promise<void>> {
  const network = await networkFileSystemOf(folder)
  if (network !== undefined)
    log?.warn(
      { folder, fileSystem: network },
      'this folder is on a network file system, which may let two Weirs lock it and may lose synced data; use a local disk'
    )
  const file = path.join(folder, FILE_NAME)
  let database: DatabaseSync
  try {
    database = takeLock(file)
  } catch (error) {
    throw isBusy(error) ? inUse(folder) : await cannotLock(folder, error)
  }
  held.add(database)
  return async () => {
    if (held.delete(database)) database.close()
  }
}

function takeLock(file: string): DatabaseSync {
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(file, { timeout: TRY_MS })
  try {
    // In memory: a second file beside this one would be in the way after a crash.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Without the warning by which Node 24 calls it experimental: the file lock is decades old. */
function loadSqlite(): typeof import('node:sqlite') {
  const { emitWarning } = process
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (!String(warning).startsWith('SQLite is an experimental feature')) emitWarning.call(process, warning, ...rest)
  }) as typeof emitWarning
  try {
    const sqlite = process.getBuiltinModule('node:sqlite')
    if (sqlite === undefined) throw new Error('this Node has no node:sqlite: use Node 22.13 or a later one')
    return sqlite
  } finally {
    process.emitWarning = emitWarning
  }
}

function isBusy(error: unknown): boolean {
  return (error as { errcode?: number }).errcode === SQLITE_BUSY
}

function inUse(folder: string): WeirError {
  return new WeirError(
    'STATE_INVALID',
    `another Weir is using ${folder}: stop it first, or give this one a folder of its own`
  )
}

/** SQLite does not say why a file cannot be opened: writing another one in that folder does. */
async function cannotLock(folder: string, error: unknown): Promise<WeirError> {
  const beside = path.join(folder, `${FILE_NAME}.tmp`)
  const cause = await writeFile(beside, '.').then(
    () => error,
    (why: unknown) => why
  )
  await rm(beside, { force: true }).catch(() => {})
  return new WeirError(
    'STATE_INVALID',
    `cannot lock ${folder} by the file ${FILE_NAME} in it: ${describeError(cause)}; give Weir's user the right to write there, and space on the disk`,
    { cause }
  )
}
