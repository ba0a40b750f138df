import type { RequestHandler } from 'express'
import type { BuiltService } from '../service/build.ts'
import { DeadLetterReplay } from './replay.ts'
import type { DeadLetterStore } from './store.ts'

/**
 * `POST /api/dead-letters/replay?number=…` on the admin server, and the metrics of dead letters. The answer has a line
 * of JSON for each as it ends. A client that goes away ends the replay after the dead letter under way.
 */
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
    const numbers = number === undefined ? deadLetters.numbers : [Number(number)]
    isRunning = true
    try {
      response.type('application/x-ndjson').flushHeaders()
      await replay.run(
        numbers,
        ended => response.write(`${JSON.stringify(ended)}\n`),
        () => !response.destroyed
      )
      response.end()
    } finally {
      isRunning = false
    }
  }
}
