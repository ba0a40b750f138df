import type { RequestHandler } from 'express'
import { describeError, WeirError } from '../errors.ts'
import type { DeadLetter, DeadLetters } from '../journal/dead-letters.ts'
import { Batch, type Outcome } from './batch.ts'
import type { Delivery } from './delivery.ts'

/** What `weir dlq replay` is told. */
export interface ReplayReport {
  /** Letters delivered and removed, and the items in them. */
  readonly delivered: number
  readonly items: number
  readonly failed: readonly { readonly number: number; readonly error: string }[]
}

interface Taken {
  readonly number: number
  readonly letter: DeadLetter
  readonly outcome: Outcome
}

/** `POST /api/dead-letters/replay?number=…` on the admin server, and what metrics say of dead letters. */
export function exposeDeadLetters(delivery: Delivery): void {
  const { routes, metrics, deadLetters: letters } = delivery.services
  if (letters !== undefined) routes.set('post /api/dead-letters/replay', replayHandler(letters, delivery))
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.add({ name, help, type: 'gauge', read: () => [{ labels: {}, value: read() }] })
  gauge('weir_dead_letters', 'Dead letters kept.', () => letters?.numbers.length ?? 0)
  gauge('weir_dead_letters_bytes', 'Size of the dead letters on disk.', () => letters?.bytes ?? 0)
}

/** One replay at a time: two would deliver each letter twice. */
function replayHandler(letters: DeadLetters, delivery: Delivery): RequestHandler {
  let isRunning = false
  return async (request, response) => {
    if (isRunning) return void response.status(409).type('text/plain').send('a replay is running already\n')
    const { number } = request.query
    const numbers = number === undefined ? letters.numbers : letters.numbers.filter(n => n === Number(number))
    isRunning = true
    try {
      response.json(await replay(numbers, letters, delivery))
    } finally {
      isRunning = false
    }
  }
}

async function replay(numbers: readonly number[], letters: DeadLetters, delivery: Delivery): Promise<ReplayReport> {
  const failed: { number: number; error: string }[] = []
  const attempt = async (number: number, work: () => Promise<void>) => {
    await work().catch(error => failed.push({ number, error: describeError(error) }))
  }
  const taken: Taken[] = []
  for (const number of numbers)
    await attempt(number, async () => {
      const letter = await letters.read(number, delivery.services.series)
      const outcome = await deliver(letter, delivery)
      if (outcome.status === 'nacked') throw outcome.error
      taken.push({ number, letter, outcome })
    })
  const isWrittenDown = await writeDown(taken, delivery)
  let delivered = 0
  let items = 0
  for (const { number, letter, outcome } of taken)
    await attempt(number, async () => {
      if (letter.kind === 'exporter' && !isWrittenDown)
        throw new Error('it is on its way, but no checkpoint could be written that says so; it stays here meanwhile')
      await letters.remove(number)
      if (outcome.status === 'dropped')
        throw new Error(`${outcome.items} of its items were refused again (${outcome.reason}), and are in a new letter`)
      delivered++
      items += letter.block.length
    })
  return { delivered, items, failed }
}

/** What exporters were given may wait on their disks, where a crash cuts off what no checkpoint knows. */
async function writeDown(taken: readonly Taken[], { keeper }: Delivery): Promise<boolean> {
  const isNeeded = keeper !== undefined && taken.some(({ letter }) => letter.kind === 'exporter')
  return isNeeded ? keeper.checkpoint() : true
}

function deliver({ kind, id, request, block }: DeadLetter, { topology, entrance }: Delivery): Promise<Outcome> {
  const lane = topology.exporters.find(({ component }) => component.id === id)?.lane
  const isThere =
    kind === 'exporter' ? lane !== undefined : topology.receivers.some(({ component }) => component.id === id)
  if (!isThere) throw new WeirError('COMPONENT_FAILED', `the running Weir has no ${kind} ${id}`)
  return new Promise(resolve => {
    const batch = Batch.of({ source: id, request: request === undefined ? undefined : () => request }, block, resolve)
    if (kind === 'exporter') lane!.push(batch)
    else entrance.push(id, batch)
  })
}
