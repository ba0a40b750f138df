// The points that each SDK loses while Weir is overloaded or restarts: `npm run refusals`. It takes a minute.
//
// Each SDK adds to a delta counter for 32 s and exports every 10 s, with its defaults otherwise. The receiver is a real one on
// its own ports. From half a second before the second export on, it has no credits for 8 s, or is stopped and starts anew 4 s
// later. Back-offs are random, so each case runs three times, side by side.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { systemClock } from '../../core/telemetry/clock.ts'
import plugin from '../../receivers/otlp/index.ts'
import { OtlpReceiver } from '../../receivers/otlp/receiver.ts'
import { testConfig, testContext } from '../../sdk/plugin/testing.ts'
import { JS_PROTOCOLS } from '../otlp-clients/js-exporters.ts'
import { goClient, pythonClient } from '../otlp-clients/programs.ts'
import { freePort } from '../servers/free-port.ts'

const SECONDS = 32
const EXPORT_INTERVAL_MS = 10_000
const BEFORE_EXPORT_MS = 500
const OVERLOAD_MS = 8000
const RESTART_MS = 4000
const REPEATS = 3
const CLIENTS = path.join(import.meta.dirname, '../otlp-clients')

interface Sender {
  readonly name: string
  readonly command: readonly string[]
  readonly protocol: string
}

interface Result {
  readonly sent: number
  readonly received: number
}

/** A receiver that counts, with the ports of the one before it after a restart. */
class CountingReceiver {
  received = 0
  /** Resolves with the first export. */
  readonly first = Promise.withResolvers<void>()
  readonly #http: number
  readonly #grpc: number
  #context = testContext('otlp')
  #receiver: OtlpReceiver | undefined

  constructor(http: number, grpc: number) {
    this.#http = http
    this.#grpc = grpc
  }

  async start(): Promise<void> {
    const http = { endpoint: `127.0.0.1:${this.#http}` }
    const grpc = { endpoint: `127.0.0.1:${this.#grpc}` }
    // Timeouts of clients are real.
    this.#context = { ...testContext('otlp'), clock: systemClock } as never
    this.#receiver = new OtlpReceiver(testConfig(plugin, { protocols: { http, grpc } }), this.#context)
    this.#receiver.batches$.subscribe(batch => {
      for (const value of batch.block.value) this.received += value
      batch.ack()
      this.first.resolve()
    })
    await this.#receiver.start()
  }

  async stop(): Promise<void> {
    await this.#receiver?.stop(AbortSignal.timeout(1000))
  }

  async overload(): Promise<void> {
    const { credits } = this.#context
    const permit = credits.tryTake(credits.capacity - credits.used)
    await setTimeout(OVERLOAD_MS)
    permit?.release()
  }

  async restart(): Promise<void> {
    const until = setTimeout(RESTART_MS)
    await this.stop()
    await until
    await this.start()
  }
}

async function senders(): Promise<Sender[]> {
  const js = JS_PROTOCOLS.map(protocol => {
    const command = [process.execPath, '--conditions=weir-source', path.join(CLIENTS, 'client.ts')]
    return { name: 'JavaScript', command, protocol }
  })
  const others = [await pythonClient(), await goClient()].flatMap(({ name, skip, command }) => {
    if (skip !== false) console.error(`${name} is left out: ${skip}`)
    return skip === false ? ['http/protobuf', 'grpc'].map(protocol => ({ name, command, protocol })) : []
  })
  return [...js, ...others]
}

async function measure({ command, protocol }: Sender, trouble: 'overload' | 'restart'): Promise<Result> {
  const [http, grpc] = [await freePort(), await freePort()]
  const receiver = new CountingReceiver(http, grpc)
  await receiver.start()
  const address = `127.0.0.1:${protocol === 'grpc' ? grpc : http}`
  const [program, ...args] = [...command, 'run', protocol, address, String(SECONDS)]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const sent = totalOf(child)
  await Promise.race([receiver.first.promise, sent])
  await setTimeout(EXPORT_INTERVAL_MS - BEFORE_EXPORT_MS)
  await receiver[trouble]()
  const total = await sent
  await receiver.stop()
  return { sent: total, received: receiver.received }
}

async function totalOf(child: ChildProcess): Promise<number> {
  let output = ''
  child.stdout!.on('data', text => (output += text))
  await once(child, 'close')
  const total = Number(output.trim())
  if (!(total > 0)) throw new Error(`${child.spawnargs.join(' ')} printed no total: ${output}`)
  return total
}

/** The points of each run that were lost. */
async function told(sender: Sender, trouble: 'overload' | 'restart'): Promise<string> {
  const results = await Promise.all(Array.from({ length: REPEATS }, () => measure(sender, trouble)))
  return results.map(({ sent, received }) => `${sent - received} of ${sent}`).join(', ')
}

const rows = await Promise.all(
  (await senders()).map(async sender => {
    const [overload, restart] = await Promise.all([told(sender, 'overload'), told(sender, 'restart')])
    return `| ${sender.name} | ${sender.protocol} | ${overload} | ${restart} |`
  })
)
console.log('| SDK | Protocol | Lost, overloaded for 8 s | Lost, away for 4 s |')
console.log('| --- | --- | --- | --- |')
for (const row of rows) console.log(row)
