import { lstat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'

/** Removes the socket of a program that was killed. One that somebody answers on stays, and so do other files. */
export async function removeAbandoned(path: string): Promise<void> {
  const status = await lstat(path).catch(() => undefined)
  if (status?.isSocket() && !(await isAnswered(path))) await unlink(path)
}

/** A socket of datagrams has another error for a connection, if somebody has it open. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    const finish = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket
      .on('connect', () => finish(true))
      .on('error', error => finish((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED'))
  })
}
