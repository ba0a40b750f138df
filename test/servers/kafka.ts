import { execFile, spawn } from 'node:child_process'
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'
import { type Program, requireProgram } from './program.ts'

const VERSION = '4.1.1'
/** The jars, kept for later runs. */
const JARS = path.join(tmpdir(), `weir-test-kafka-${VERSION}`)
const INSTALL_TIMEOUT_MS = 600_000
const START_TIMEOUT_MS = 60_000
const POLL_MS = 100
const OUTPUT_KEPT = 8000
// One heap for all tests, small, since several brokers may run side by side.
const JAVA_OPTIONS = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dlog4j2.level=ERROR']
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>weir</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${VERSION}</version></dependency>
  </dependencies>
</project>`
const run = promisify(execFile)

export const kcatProgram = () =>
  requireProgram({ binary: 'kcat', debianPackage: 'kcat', hint: 'On Debian: apt-get install kcat' })

/** The folder of Kafka's jars. Needs Java 17 and Maven; missing is a failure under `CI=true`, else a reason to skip. */
export async function kafkaJars(): Promise<Program> {
  try {
    await access(JARS).catch(installJars)
    return { path: JARS, skip: false }
  } catch (error) {
    const skip = `no jars of Apache Kafka ${VERSION}: ${(error as Error).message}; they need java and mvn`
    if (process.env.CI === 'true') throw new Error(skip, { cause: error })
    return { path: '', skip }
  }
}

// Made elsewhere and renamed at the end, so that tests side by side see all of them or none.
async function installJars(): Promise<void> {
  const draft = await mkdtemp(`${JARS}-`)
  try {
    await run('java', ['-version'])
    await writeFile(path.join(draft, 'pom.xml'), POM)
    const args = ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=.']
    await run('mvn', args, { cwd: draft, timeout: INSTALL_TIMEOUT_MS })
    await rename(draft, JARS).catch(async error => {
      // Another test was faster.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

export interface Kafka {
  /** `127.0.0.1:PORT` */
  readonly broker: string
  /** Of its topics. */
  readonly dataFolder: string
  /** As by kill -9. */
  kill(): Promise<void>
  /** With the data it had. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** One Apache Kafka in KRaft mode. @param jars from {@link kafkaJars} */
export async function startKafka(jars: string, settings: Readonly<Record<string, string>> = {}): Promise<Kafka> {
  const folder = await mkdtemp(path.join(tmpdir(), 'weir-kafka-'))
  const [port, controllerPort] = [await freePort(), await freePort()]
  const data = path.join(folder, 'data')
  await mkdir(data)
  const config = path.join(folder, 'server.properties')
  await writeFile(config, propertiesOf(port, controllerPort, data, settings))
  const java = [...JAVA_OPTIONS, '-cp', path.join(jars, '*')]
  const format = ['kafka.tools.StorageTool', 'format', '-t', 'AAAAAAAAAAAAAAAAAAAAAA', '-c', config]
  await run('java', [...java, ...format], { cwd: folder })
  let child = await startBroker([...java, 'kafka.Kafka', config], folder, port)
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }
  return {
    broker: `127.0.0.1:${port}`,
    dataFolder: data,
    kill,
    async restart() {
      await kill()
      child = await startBroker([...java, 'kafka.Kafka', config], folder, port)
    },
    async stop() {
      await kill()
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    }
  }
}

async function startBroker(args: readonly string[], folder: string, port: number) {
  const child = spawn('java', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk).slice(-OUTPUT_KEPT)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const deadline = performance.now() + START_TIMEOUT_MS
  while (performance.now() < deadline && child.exitCode === null) {
    if (await accepts(port)) return child
    await setTimeout(POLL_MS)
  }
  child.kill('SIGKILL')
  throw new Error(`Kafka did not start; it printed:\n${output}`)
}

function propertiesOf(
  port: number,
  controllerPort: number,
  data: string,
  settings: Readonly<Record<string, string>>
): string {
  const properties: Readonly<Record<string, string>> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': data,
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
    ...settings
  }
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
