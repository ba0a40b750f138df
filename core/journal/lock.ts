import { createHash } from 'node:crypto'
import { realpath, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { WeirError } from '../errors.ts'

/**
 * Keeps a second process of this machine out of `folder`, until the returned function is called or the process ends,
 * however it does: what is held is a socket that answers. Throws `STATE_INVALID` where another one holds it.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const name = createHash('sha256')
    .update(await realpath(folder))
    .digest('hex')
  // Paths of sockets must be short.
  const socket = path.join(os.tmpdir(), `weir-${name.slice(0, 16)}.sock`)
  if (await answers(socket))
    throw new WeirError(
      'STATE_INVALID',
      `another Weir is using ${folder}: stop it first, or give this one a folder of its own`
    )
  await rm(socket, { force: true })
  const server = await listen(socket)
  server.unref()
  return () => new Promise(resolve => server.close(() => resolve()))
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

function listen(socket: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(connection => connection.destroy())
    server.once('error', reject)
    server.listen(socket, () => resolve(server))
  })
}
