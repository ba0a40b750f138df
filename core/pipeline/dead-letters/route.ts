import type { RequestHandler } from 'express'
import type { BuiltService } from '../service/build.ts'
import { DeadLetterReplay } from './replay.ts'
import type { DeadLetterStore } from './store.ts'

/** `POST /api/dead-letters/replay?number=…` on the admin server, and the metrics of dead letters. */
export function exposeDeadLetters(service: BuiltService): void {
  const { routes, metrics, deadLetters } = service.services
  if (deadLetters !== undefined) routes.set('post /api/dead-letters/replay', replayHandler(deadLetters, service))
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.add({ name, help, type: 'gauge', read: () => [{ labels: {}, value: read() }] })
  gauge('weir_dead_letters', 'Dead letters kept.', () => deadLetters?.numbers.length ?? 0)
  gauge('weir_dead_letters_bytes', 'Size of the dead letters on disk.', () => deadLetters?.bytes ?? 0)
}

function replayHandler(deadLetters: DeadLetterStore, service: BuiltService): RequestHandler {
  const replay = new DeadLetterReplay(deadLetters, service)
  let isRunning = false
  return async (request, response) => {
    if (isRunning) return void response.status(409).type('text/plain').send('a replay is running already\n')
    const { number } = request.query
    isRunning = true
    try {
      response.json(await replay.run(number === undefined ? deadLetters.numbers : [Number(number)]))
    } finally {
      isRunning = false
    }
  }
}
