import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

const START_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 5_000
const POLL_MS = 50
const OUTPUT_KEPT = 4_000

export interface ServerProcess {
  readonly pid: number
  /** Its own, gone after {@link stop}. */
  readonly folder: string
  stop(): Promise<void>
}

export interface ServerCommand {
  readonly path: string
  args(folder: string): readonly string[] | Promise<readonly string[]>
  /** Answers 200 once it serves; or what to ask instead. */
  readonly health: string | (() => Promise<boolean>)
}

/** Starts a server in a folder of its own and waits until it is healthy; one that cannot start says what it printed. */
export async function startServer({ path, args, health }: ServerCommand): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-server-'))
  const child = spawn(path, await args(folder), { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const stop = async () => {
    await end(child)
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk).slice(-OUTPUT_KEPT)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  child.once('error', error => keep(Buffer.from(error.message)))
  const isHealthy = typeof health === 'string' ? () => answers(health) : health
  if (await healthy(child, isHealthy)) return { pid: child.pid!, folder, stop }
  await stop()
  throw new Error(`${path} did not become healthy; it printed:\n${output}`)
}

async function healthy(child: ChildProcess, isHealthy: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (performance.now() < deadline && child.exitCode === null) {
    if (await isHealthy()) return true
    await setTimeout(POLL_MS)
  }
  return false
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined)
  await response?.arrayBuffer()
  return response?.ok ?? false
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  process.kill(child.pid, 'SIGTERM')
  const late = AbortSignal.timeout(STOP_TIMEOUT_MS)
  late.addEventListener('abort', () => child.kill('SIGKILL'))
  await ended
}
