import { describeError } from '../errors.ts'
import { realDisk } from '../journal/disk.ts'
import type { Block } from '../model/block.ts'
import { SeriesTable } from '../model/series-table/series-table.ts'
import type { EndedReplay } from '../pipeline/dead-letters/replay.ts'
import { type DeadLetter, DeadLetterStore, unlessGone } from '../pipeline/dead-letters/store.ts'
import { count } from '../plural.ts'
import { type AdminAnswer, followAdmin } from './admin-client.ts'
import { EXIT } from './exit-codes.ts'
import { folderProblem } from './folder.ts'
import type { Terminal } from './terminal.ts'

const NAMES_SHOWN = 3

interface Sums {
  delivered: number
  items: number
  failed: number
}

/** Prints the dead letters, oldest first, one a line. Works also while Weir runs. */
export async function listDeadLetters(terminal: Terminal, folder: string): Promise<number> {
  const problem = folderProblem(folder, 'service.dead_letters.folder')
  if (problem !== undefined) {
    terminal.error(problem)
    return EXIT.usage
  }
  const deadLetters = await DeadLetterStore.open(realDisk, folder)
  let exit: number = EXIT.ok
  for (const number of deadLetters.numbers) {
    try {
      const deadLetter = await deadLetters.read(number, new SeriesTable()).catch(unlessGone)
      if (deadLetter !== undefined) terminal.out(describeDeadLetter(number, deadLetter))
    } catch (error) {
      terminal.error(describeError(error))
      exit = EXIT.invalid
    }
  }
  terminal.out(`${count(deadLetters.numbers.length, 'dead letter')}, ${count(deadLetters.bytes, 'byte')}`)
  return exit
}

/** Has a running Weir deliver the dead letters again, and prints each as it ends. Delivered ones are removed. */
export async function replayDeadLetters(
  terminal: Terminal,
  { admin, number }: { readonly admin: string; readonly number?: number }
): Promise<number> {
  const chosen = number === undefined ? '' : `?number=${number}`
  const sums = { delivered: 0, items: 0, failed: 0 }
  let answer: AdminAnswer
  try {
    answer = await followAdmin(admin, `/api/dead-letters/replay${chosen}`, { method: 'POST' }, line =>
      tell(terminal, JSON.parse(line), sums)
    )
  } catch (error) {
    terminal.error(describeError(error))
    return EXIT.refused
  }
  const { ok, status, text } = answer
  if (!ok) {
    terminal.error(status === 404 ? 'the running Weir keeps no dead letters: set service.dead_letters.folder' : text)
    return EXIT.refused
  }
  const { delivered, items, failed } = sums
  terminal.out(`${count(delivered, 'dead letter')} delivered, ${count(items, 'item')}; ${failed} failed`)
  return failed === 0 ? EXIT.ok : EXIT.refused
}

function tell(terminal: Terminal, ended: EndedReplay, sums: Sums): void {
  const { number } = ended
  if ('error' in ended) {
    sums.failed++
    terminal.error(`#${number}: ${ended.error}`)
    return
  }
  sums.delivered++
  sums.items += ended.items
  terminal.out(`#${number}: delivered, ${count(ended.items, 'item')}`)
}

function describeDeadLetter(number: number, deadLetter: DeadLetter): string {
  const { kind, id, pipelines, time, reason, error, block } = deadLetter
  const where = pipelines === undefined ? '' : `, in ${pipelines.join(', ')}`
  const what = count(block.length, block.type === 'points' ? 'point' : 'event')
  return `#${number}  ${new Date(time).toISOString()}  ${kind} ${id}${where}: ${what} (${namesIn(block)}), ${reason}: ${error}`
}

function namesIn(block: Block): string {
  const names = new Set(block.type === 'points' ? [...block.series].map(({ metric }) => metric.name) : block.name)
  const shown = [...names].slice(0, NAMES_SHOWN).join(', ')
  return names.size > NAMES_SHOWN ? `${shown} and ${names.size - NAMES_SHOWN} more names` : shown
}
