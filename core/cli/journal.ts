import path from 'node:path'
import { describeError, WeirError } from '../errors.ts'
import { realDisk } from '../journal/disk.ts'
import { type InspectedSegment, inspectSegment, planCut } from '../journal/inspection.ts'
import { lockFolder } from '../journal/lock.ts'
import { JournalReader } from '../journal/reader.ts'
import { surveyJournal } from '../journal/recovery.ts'
import { listSegments } from '../journal/segment.ts'
import { SeriesTable } from '../model/series-table/series-table.ts'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../pipeline/checkpoint/file.ts'
import { count } from '../plural.ts'
import { EXIT } from './exit-codes.ts'
import { folderProblem } from './folder.ts'
import type { Terminal } from './terminal.ts'

/** Prints the content of a journal: its segments and its checkpoint. */
export async function inspectJournal(terminal: Terminal, folder: string): Promise<number> {
  return attempt(terminal, folder, async () => {
    for (const file of await listSegments(realDisk, folder))
      terminal.out(describeSegment(await inspectSegment(realDisk, file)))
    terminal.out(describeCheckpoint(await readCheckpoint(realDisk, folder)))
    return EXIT.ok
  })
}

/** Checks every frame and every entry. */
export async function verifyJournal(terminal: Terminal, folder: string): Promise<number> {
  return attempt(terminal, folder, async () => {
    const checkpoint = await readCheckpoint(realDisk, folder)
    const survey = await surveyJournal(realDisk, folder, { from: checkpoint?.nextEntry, repair: false })
    let entries = 0
    for (const { file } of survey.segments) entries += (await inspectSegment(realDisk, file)).entries
    terminal.out(`${count(survey.segments.length, 'segment')}, ${count(entries, 'entry', 'entries')}: all whole`)
    if (survey.tornBytes > 0)
      terminal.out(
        `${count(survey.tornBytes, 'byte')} behind the last entry, left by a crash: the next start cuts them off`
      )
    terminal.out(describeCheckpoint(checkpoint))
    return EXIT.ok
  })
}

interface CutOptions {
  readonly segment: string
  readonly offset: number
  readonly yes: boolean
}

/** Ends a journal early, after it has printed the losses. */
export async function truncateJournal(terminal: Terminal, folder: string, options: CutOptions): Promise<number> {
  return attempt(terminal, folder, async () => {
    const cut = await planCut(realDisk, folder, options.segment, options.offset)
    const processed = (await checkpointIfWhole(folder))?.nextEntry
    terminal.out(
      `entries from ${cut.firstLost} on: ${cut.readableLost} that can be read, ${count(cut.bytes, 'byte')} in all`
    )
    for (const file of cut.removed) terminal.out(`  ${path.basename(file)} as a whole`)
    if (processed === undefined) terminal.out('there is no whole checkpoint: all of them are lost')
    else if (processed > cut.firstLost)
      terminal.out(`those before ${processed} are in the checkpoint; the others are lost`)
    else terminal.out('none of them is in the checkpoint: they were acknowledged, and are lost')
    if (!options.yes) {
      terminal.error('nothing was changed; stop Weir and add --yes to cut them off')
      return EXIT.usage
    }
    const unlock = await lockFolder(folder)
    await cut.carryOut()
    await unlock()
    terminal.out('cut off')
    return EXIT.ok
  })
}

interface ReplayOptions {
  readonly from: number
  readonly yes: boolean
}

/** Has the next start begin at an entry, after it has printed the consequences. */
export async function replayJournal(terminal: Terminal, folder: string, { from, yes }: ReplayOptions): Promise<number> {
  return attempt(terminal, folder, async () => {
    const { segments, nextEntry } = await surveyJournal(realDisk, folder, { repair: false })
    const first = segments[0]?.firstEntry ?? nextEntry
    if (!(from >= first && from <= nextEntry))
      throw new RangeError(`the journal in ${folder} has entries ${first} to ${nextEntry}: --from must be one of these`)
    const checkpoint = await checkpointIfWhole(folder)
    const isForward = checkpoint !== undefined && from >= checkpoint.nextEntry
    if (isForward)
      terminal.out(`entries ${checkpoint.nextEntry} to ${from}, that one left out, are skipped: they are lost`)
    else terminal.out('processors start without state: open windows, totals and known duplicates are lost')
    terminal.out(`the next start processes ${count(nextEntry - from, 'entry', 'entries')}, from ${from} on`)
    if (!isForward)
      terminal.out('backends receive the data of these entries again; windows cut by this have other values')
    if (!yes) {
      terminal.error('nothing was changed; stop Weir and add --yes')
      return EXIT.usage
    }
    const unlock = await lockFolder(folder)
    const kept = isForward
      ? checkpoint
      : { time: await timeOf(folder, from), snapshots: new Map(), queuePositions: checkpoint?.queuePositions }
    await writeCheckpoint(realDisk, folder, { ...kept, nextEntry: from })
    await unlock()
    terminal.out('done')
    return EXIT.ok
  })
}

/** The time at which the entry came in, Unix ms. If there is no such entry yet, the time of the last one. */
async function timeOf(folder: string, from: number): Promise<number> {
  const survey = await surveyJournal(realDisk, folder, { repair: false })
  const reader = new JournalReader(realDisk, folder, new SeriesTable(), Math.min(from, survey.nextEntry - 1))
  try {
    const next = survey.nextEntry === 0 ? undefined : await reader.next(survey.nextEntry)
    return next?.entry.time ?? 0
  } finally {
    await reader.close()
  }
}

async function attempt(terminal: Terminal, folder: string, command: () => Promise<number>): Promise<number> {
  const problem = folderProblem(folder, 'service.journal.folder')
  if (problem !== undefined) {
    terminal.error(problem)
    return EXIT.usage
  }
  try {
    return await command()
  } catch (error) {
    terminal.error(describeError(error))
    return error instanceof RangeError ? EXIT.usage : EXIT.invalid
  }
}

async function checkpointIfWhole(folder: string): Promise<Checkpoint | undefined> {
  try {
    return await readCheckpoint(realDisk, folder)
  } catch (error) {
    if (WeirError.is(error)) return undefined
    throw error
  }
}

function describeSegment({ file, bytes, end, firstEntry, entries, span }: InspectedSegment): string {
  const name = path.basename(file)
  if (firstEntry === undefined) return `${name}  ${count(bytes, 'byte')}, without a whole header`
  const times = span === undefined ? '' : `, ${isoTime(span[0])} to ${isoTime(span[1])}`
  const rest = bytes > end ? `; ${count(bytes - end, 'byte')} from byte ${end} on are no whole frame` : ''
  return `${name}  from entry ${firstEntry}: ${count(entries, 'entry', 'entries')}, ${count(bytes, 'byte')}${times}${rest}`
}

function describeCheckpoint(checkpoint: Checkpoint | undefined): string {
  if (checkpoint === undefined) return 'no checkpoint'
  const { nextEntry, time, snapshots } = checkpoint
  const states = [...snapshots].map(([name, bytes]) => `\n  ${name}: ${count(bytes.length, 'byte')}`)
  return `checkpoint  before entry ${nextEntry}, at ${isoTime(time)}${states.join('')}`
}

const isoTime = (time: number) => new Date(time).toISOString()
