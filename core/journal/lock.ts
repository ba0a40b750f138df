import { createHash, randomUUID } from 'node:crypto'
import { realpath, rename, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { WeirError } from '../errors.ts'

/**
 * Keeps a second process of this machine out of `folder`, until the returned function is called or the process ends,
 * however it does: what is held is a socket. Throws `STATE_INVALID` where another one holds it.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const name = createHash('sha256')
    .update(await realpath(folder))
    .digest('hex')
  const server = await take(`weir-${name.slice(0, 16)}`)
  if (server === undefined)
    throw new WeirError(
      'STATE_INVALID',
      `another Weir is using ${folder}: stop it first, or give this one a folder of its own`
    )
  server.unref()
  return () => new Promise(resolve => server.close(() => resolve()))
}

/** Undefined where another one has it. */
async function take(name: string): Promise<Server | undefined> {
  // A name that is no file's goes with its process. Only Linux has such.
  if (process.platform === 'linux') return listen(`\0${name}`)
  const socket = path.join(os.tmpdir(), `${name}.sock`)
  return (await listen(socket)) ?? ((await removeIfDead(socket)) ? listen(socket) : undefined)
}

/** False where somebody answers. Of several that find what a dead process left, one may have its own there by now. */
async function removeIfDead(socket: string): Promise<boolean> {
  if (await answers(socket)) return false
  const aside = `${socket}.${randomUUID()}`
  // Atomic: nobody else takes away the same one.
  const isTaken = await rename(socket, aside).then(
    () => true,
    () => false
  )
  if (!isTaken) return true
  const isAlive = await answers(aside)
  if (isAlive) await rename(aside, socket)
  else await rm(aside, { force: true })
  return !isAlive
}

function answers(socket: string): Promise<boolean> {
  return new Promise(resolve => {
    const connection = connect(socket)
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.once('error', () => resolve(false))
  })
}

/** Undefined where there is something at that path. */
function listen(socket: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer(connection => connection.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)
    )
    server.listen(socket, () => resolve(server))
  })
}
