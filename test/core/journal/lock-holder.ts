import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'

const LOCK = new URL('../../../core/journal/lock.ts', import.meta.url).href
const LOG = new URL('../../../core/telemetry/log.ts', import.meta.url).href
/** At each `go` on its input it tries to lock the folder, says what came of it, and lives until it is killed. */
const SCRIPT = `
  const { lockFolder } = await import(${JSON.stringify(LOCK)})
  const { Log } = await import(${JSON.stringify(LOG)})
  setInterval(() => {}, 1 << 30)
  process.stdin.on('data', () => lockFolder(process.argv[1], new Log('warn').logger).then(
    () => console.log('locked'),
    error => console.log(error.code + ' ' + error.message)
  ))
  console.log('ready')`

export interface HolderOptions {
  /** What comes before the command, such as `unshare --net`. */
  readonly within?: readonly string[]
  readonly node?: string
}

/** A process of its own that locks a folder. */
export class LockHolder {
  stderr = ''
  #child: ChildProcess
  #lines: AsyncIterator<string>

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#lines = linesOf(child)
    child.stderr!.setEncoding('utf8').on('data', text => (this.stderr += text))
  }

  /** Resolves when it waits for {@link lock}. It ends with the test. */
  static async start(
    t: TestContext,
    folder: string,
    { within = [], node = process.execPath }: HolderOptions = {}
  ): Promise<LockHolder> {
    const [program, ...args] = [...within, node, '--input-type=module', '-e', SCRIPT, folder]
    const holder = new LockHolder(spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] }))
    t.after(() => holder.kill())
    const said = await holder.#line()
    if (said !== 'ready') throw new Error(`it said ${said}: ${holder.stderr}`)
    return holder
  }

  /** Resolves to `locked`, or to the error's code and message. */
  lock(): Promise<string | undefined> {
    this.#child.stdin!.write('go')
    return this.#line()
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }

  async #line(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next()
    return done ? undefined : value
  }
}

async function* linesOf(child: ChildProcess): AsyncGenerator<string> {
  let rest = ''
  for await (const text of child.stdout!.setEncoding('utf8')) {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    yield* lines
  }
}
