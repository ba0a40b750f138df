import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'

const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 120_000
const POLL_MS = 50
const OUTPUT_KEPT = 4000
/** The unit of CPU times in `/proc`: `sysconf(_SC_CLK_TCK)` is 100 on every Linux. */
const TICKS_PER_SECOND = 100

/** Seconds of CPU, as the kernel counts them. */
export interface CpuTime {
  readonly user: number
  readonly system: number
}

export interface ThreadCpuTime extends CpuTime {
  readonly id: string
  readonly name: string
}

/** A program under load, in a process of its own. Its figures come from the kernel, not from the program. */
export class ProgramProcess {
  readonly #child: ChildProcess
  readonly #name: string
  #output = ''

  private constructor(command: readonly string[], cwd: string) {
    this.#name = command[0]
    this.#child = spawn(command[0], command.slice(1), { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const keep = (text: string) => {
      this.#output = (this.#output + text).slice(-OUTPUT_KEPT)
    }
    this.#child.stdout!.setEncoding('utf8').on('data', keep)
    this.#child.stderr!.setEncoding('utf8').on('data', keep)
    this.#child.once('error', error => keep(error.message))
    // A benchmark that is stopped leaves no program behind.
    const kill = () => void this.#child.kill('SIGKILL')
    process.once('exit', kill)
    this.#child.once('exit', () => process.off('exit', kill))
  }

  /** @param ready a URL that answers 200 once the program is ready, or what to ask instead */
  static async start(
    command: readonly string[],
    cwd: string,
    ready: string | (() => Promise<boolean>)
  ): Promise<ProgramProcess> {
    const started = new ProgramProcess(command, cwd)
    const deadline = performance.now() + START_TIMEOUT_MS
    const isReady = typeof ready === 'string' ? () => answers(ready) : ready
    while (!(await isReady())) {
      if (started.#hasEnded || performance.now() > deadline) {
        await started.stop()
        throw new Error(`${started.#name} did not become ready; it printed:\n${started.#output}`)
      }
      await setTimeout(POLL_MS)
    }
    return started
  }

  get cpu(): CpuTime {
    return readCpuTime(`/proc/${this.#pid}/stat`)
  }

  get threads(): ThreadCpuTime[] {
    return globSync(`/proc/${this.#pid}/task/*`).map(folder => ({
      id: path.basename(folder),
      name: readFileSync(`${folder}/comm`, 'latin1').trim(),
      ...readCpuTime(`${folder}/stat`)
    }))
  }

  get residentBytes(): number {
    return this.#memory('VmRSS')
  }

  get peakResidentBytes(): number {
    return this.#memory('VmHWM')
  }

  /** Bytes that went to the disk, or wait in memory to go there. */
  get diskBytes(): number {
    return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${this.#pid}/io`, 'latin1'))![1])
  }

  /** Asks it to end, waits until it has, and ends it if it does not. */
  async stop(): Promise<void> {
    if (this.#hasEnded || this.#child.pid === undefined) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const late = AbortSignal.timeout(STOP_TIMEOUT_MS)
    late.addEventListener('abort', () => this.#child.kill('SIGKILL'))
    await ended
  }

  get #pid(): number {
    if (this.#hasEnded) throw new Error(`${this.#name} has ended; it printed:\n${this.#output}`)
    return this.#child.pid!
  }

  get #hasEnded(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  #memory(field: string): number {
    const status = readFileSync(`/proc/${this.#pid}/status`, 'latin1')
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)![1]) * 1024
  }
}

function readCpuTime(file: string): CpuTime {
  // The name, in parentheses, may have spaces; user and system time are fields 14 and 15.
  const fields = readFileSync(file, 'latin1').split(') ').at(-1)!.split(' ')
  return { user: Number(fields[11]) / TICKS_PER_SECOND, system: Number(fields[12]) / TICKS_PER_SECOND }
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url).catch(() => undefined)
  await response?.arrayBuffer()
  return response?.ok ?? false
}
