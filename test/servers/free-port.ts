import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the ports that kernels give to connections: one of those may be a connection's own end by the time that a program
 * listens there, or listens there again after it was killed.
 */
const [FIRST, END] = [20_000, 32_000]

/** A TCP port of the loopback interface nobody listens on now, for programs that cannot pick their own. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END)
    const server = createServer()
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue
      throw error
    }
    await new Promise(resolve => server.close(resolve))
    return port
  }
}
