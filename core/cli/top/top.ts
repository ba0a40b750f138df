import { setTimeout as sleep } from 'node:timers/promises'
import { Rates } from '../../admin/rates.ts'
import type { StatusReport } from '../../admin/status.ts'
import { describeError, WeirError } from '../../errors.ts'
import { askAdmin, notWeir } from '../admin-client.ts'
import { EXIT } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'
import { Screen } from './screen.ts'
import { tableOf } from './table.ts'

const PERIOD_MS = 1000

interface TopOptions {
  readonly admin: string
  readonly once: boolean
}

/**
 * Shows rates, queues, drops and lags of the running Weir, anew each second until q or Ctrl-C; on no terminal as one
 * table after the other. With `once` as one table of a second.
 */
export async function top(terminal: Terminal, { admin, once }: TopOptions): Promise<number> {
  const rates = new Rates()
  try {
    let lines = await look(admin, rates)
    if (!once && process.stdout.isTTY) return await live(admin, rates, lines)
    do {
      await sleep(PERIOD_MS)
      lines = await look(admin, rates)
      for (const line of lines) terminal.out(line)
      if (!once) terminal.out('')
      // The reader may end early, as `head` does.
    } while (!once && process.stdout.writable)
    return EXIT.ok
  } catch (error) {
    terminal.error(describeError(error))
    return EXIT.refused
  }
}

/** A Weir that does not answer is asked again: it may be starting anew. */
async function live(admin: string, rates: Rates, first: readonly string[]): Promise<number> {
  const screen = new Screen(process.stdin, process.stdout)
  let hasEnded = false
  void screen.ended.then(() => {
    hasEnded = true
  })
  try {
    screen.show(first)
    while (!hasEnded) {
      await Promise.race([sleep(PERIOD_MS), screen.ended])
      if (!hasEnded) screen.show(await look(admin, rates).catch(error => [describeError(error)]))
    }
    return EXIT.ok
  } finally {
    screen.close()
  }
}

/** Throws `ADMIN_UNREACHABLE`. */
async function look(admin: string, rates: Rates): Promise<string[]> {
  const { ok, status: code, text } = await askAdmin(admin, '/api/status')
  const status = ok ? statusIn(text) : undefined
  if (code === 404 || (ok && status === undefined)) throw notWeir(admin, 'is not Weir')
  if (status === undefined) throw new WeirError('ADMIN_UNREACHABLE', text.trimEnd())
  rates.take(status.components, status.uptimeSeconds)
  return tableOf(status, rates)
}

function statusIn(text: string): StatusReport | undefined {
  try {
    const status: Partial<StatusReport> | null = JSON.parse(text)
    return Array.isArray(status?.components) ? (status as StatusReport) : undefined
  } catch {
    return undefined
  }
}
