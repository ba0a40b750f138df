// The points that each SDK loses while Weir is overloaded or restarts: `npm run refusals`. It takes a minute.
//
// Each SDK adds to a delta counter for 32 s and exports every 10 s, with its defaults otherwise. The receiver is a real one on
// its own ports. From half a second before the second export on, it has no credits for 8 s, is away for 4 s, or refuses for 4 s and
// then starts anew. Back-offs are random, so each case runs three times, side by side.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { JS_PROTOCOLS, WEIR_PROTOCOL } from '../otlp-clients/js-exporters.ts'
import { goClient, pythonClient } from '../otlp-clients/programs.ts'
import { CountingReceiver, TROUBLES, type Trouble } from './counting-receiver.ts'

const SECONDS = 32
const EXPORT_INTERVAL_MS = 10_000
const BEFORE_EXPORT_MS = 500
const LENGTHS_MS: Readonly<Record<Trouble, number>> = { overload: 8000, restart: 4000, drain: 4000 }
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

async function senders(): Promise<Sender[]> {
  const command = [process.execPath, '--conditions=weir-source', path.join(CLIENTS, 'client.ts')]
  const js = JS_PROTOCOLS.map(protocol => ({ name: 'JavaScript', command, protocol }))
  js.push({ name: 'JavaScript', command, protocol: WEIR_PROTOCOL })
  const others = [await pythonClient(), await goClient()].flatMap(({ name, skip, command }) => {
    if (skip !== false) console.error(`${name} is left out: ${skip}`)
    return skip === false ? ['http/protobuf', 'grpc'].map(protocol => ({ name, command, protocol })) : []
  })
  return [...js, ...others]
}

async function measure({ command, protocol }: Sender, trouble: Trouble): Promise<Result> {
  const receiver = new CountingReceiver()
  await receiver.start()
  const [program, ...args] = [...command, 'run', protocol, receiver.addressOf(protocol), String(SECONDS)]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const sent = totalOf(child)
  await Promise.race([receiver.first.promise, sent])
  await setTimeout(EXPORT_INTERVAL_MS - BEFORE_EXPORT_MS)
  await receiver[trouble](LENGTHS_MS[trouble])
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
async function told(sender: Sender, trouble: Trouble): Promise<string> {
  const results = await Promise.all(Array.from({ length: REPEATS }, () => measure(sender, trouble)))
  return results.map(({ sent, received }) => `${sent - received} of ${sent}`).join(', ')
}

const rows = await Promise.all(
  (await senders()).map(async sender => {
    const lost = await Promise.all(TROUBLES.map(trouble => told(sender, trouble)))
    return `| ${[sender.name, sender.protocol, ...lost].join(' | ')} |`
  })
)
console.log('| SDK | Protocol | Lost, overloaded for 8 s | Lost, away for 4 s | Lost, draining for 4 s |')
console.log('| --- | --- | --- | --- | --- |')
for (const row of rows) console.log(row)
