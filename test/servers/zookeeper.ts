import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { startServer } from './process.ts'
import { requireProgram } from './program.ts'

export const zooKeeperProgram = () =>
  requireProgram({
    binary: 'zkServer.sh',
    folder: '/usr/share/zookeeper/bin',
    debianPackage: 'zookeeper',
    hint: 'On Debian: apt-get install zookeeper'
  })

export interface ZooKeeper {
  readonly port: number
  stop(): Promise<void>
}

/** Starts a ZooKeeper, by which ClickHouse's replicas agree. @param path from {@link zooKeeperProgram} */
export async function startZooKeeper(path: string): Promise<ZooKeeper> {
  const port = await freePort()
  const { stop } = await startServer({
    path,
    async args(folder) {
      const config = join(folder, 'zoo.cfg')
      const lines = [
        `dataDir=${folder}`,
        `clientPort=${port}`,
        'clientPortAddress=127.0.0.1',
        'admin.enableServer=false'
      ]
      await writeFile(config, lines.join('\n'))
      return ['start-foreground', config]
    },
    health: () => accepts(port)
  })
  return { port, stop }
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
