import type { RequestHandler } from 'express'
import type { Delivery } from '../service/build.ts'
import { DeadLetterReplay } from './replay.ts'
import type { DeadLetters } from './store.ts'

/** `POST /api/dead-letters/replay?number=…` on the admin server, and what metrics say of dead letters. */
export function exposeDeadLetters(delivery: Delivery): void {
  const { routes, metrics, deadLetters: letters } = delivery.services
  if (letters !== undefined) routes.set('post /api/dead-letters/replay', replayHandler(letters, delivery))
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.add({ name, help, type: 'gauge', read: () => [{ labels: {}, value: read() }] })
  gauge('weir_dead_letters', 'Dead letters kept.', () => letters?.numbers.length ?? 0)
  gauge('weir_dead_letters_bytes', 'Size of the dead letters on disk.', () => letters?.bytes ?? 0)
}

function replayHandler(letters: DeadLetters, delivery: Delivery): RequestHandler {
  const replay = new DeadLetterReplay(letters, delivery)
  let isRunning = false
  return async (request, response) => {
    if (isRunning) return void response.status(409).type('text/plain').send('a replay is running already\n')
    const { number } = request.query
    isRunning = true
    try {
      response.json(await replay.run(number === undefined ? letters.numbers : [Number(number)]))
    } finally {
      isRunning = false
    }
  }
}
