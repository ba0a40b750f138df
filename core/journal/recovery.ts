import type { Disk } from './disk.ts'
import { damaged, type Frame, firstEntryOf, holdsFrame, listSegments, SegmentScanner } from './segment.ts'

// Recovery after a crash: every frame is checked, and a torn one at the very end is cut off.

export interface SurveyedSegment {
  readonly file: string
  readonly firstEntry: number
  /** The number after its last entry. */
  readonly nextEntry: number
  /** Size of the file. */
  readonly bytes: number
  /** The end of its last whole frame. */
  readonly end: number
}

/** The result of a look at a whole journal. */
export interface Survey {
  /** Oldest first. */
  readonly segments: readonly SurveyedSegment[]
  readonly nextEntry: number
  /** Bytes after the last whole frame, which a crash left behind. */
  readonly tornBytes: number
}

export interface SurveyOptions {
  /** Entries before this one may be missing; without it, all before the first there is. */
  readonly from?: number | undefined
  /** Entries before this one were known to be on disk: if the last of them are not, that is damage, and no torn end. */
  readonly leastEnd?: number | undefined
  /**
   * Cuts off a torn end of the last segment, since no sender was told that it was kept. Syncs the rest: its writer may
   * have ended before that.
   */
  readonly repair: boolean
}

/**
 * Checks every frame of the journal in `folder`, and that no entry is missing. Throws `STATE_INVALID` for damage
 * anywhere but at the very end.
 */
export async function surveyJournal(
  disk: Disk,
  folder: string,
  { from, leastEnd, repair }: SurveyOptions
): Promise<Survey> {
  const segments: SurveyedSegment[] = []
  const files = await listSegments(disk, folder)
  let nextEntry = from
  let tornBytes = 0
  for (const [i, file] of files.entries()) {
    const isLast = i === files.length - 1
    const bytes = await disk.size(file)
    const scanner = await SegmentScanner.open(disk, file)
    if (scanner === undefined) {
      await assertJustBegun(disk, file, isLast)
      assertReaches(leastEnd, nextEntry, file, 0)
      tornBytes = bytes
      if (repair) await disk.remove(file)
      continue
    }
    try {
      const { firstEntry } = scanner.header
      assertContinues(file, firstEntry, segments.at(-1), nextEntry, from)
      nextEntry = await lastEntryOf(scanner, firstEntry)
      tornBytes = bytes - scanner.position
      if (isLast) assertReaches(leastEnd, nextEntry, file, scanner.position)
      if (isLast && tornBytes > 0) await assertTorn(scanner, bytes, nextEntry)
      if (isLast && repair) await scanner.cut()
      const end = scanner.position
      segments.push({ file, firstEntry, nextEntry, bytes: isLast && repair ? end : bytes, end })
    } finally {
      await scanner.close()
    }
  }
  if (files.length === 0) assertReaches(leastEnd, nextEntry, folder, 0)
  if (repair) await disk.syncFolder(folder)
  return { segments, nextEntry: nextEntry ?? 0, tornBytes }
}

// A header is on disk before anything is written behind it.
async function assertJustBegun(disk: Disk, file: string, isLast: boolean): Promise<void> {
  if (!isLast || holdsFrame(await disk.read(file), firstEntryOf(file)))
    throw damaged(file, 0, 'its header is not whole')
}

function assertContinues(
  file: string,
  firstEntry: number,
  before: SurveyedSegment | undefined,
  nextEntry: number | undefined,
  from: number | undefined
): void {
  if (nextEntry === undefined || firstEntry === nextEntry) return
  if (before === undefined && firstEntry < nextEntry) return
  if (firstEntry > nextEntry && from !== undefined && firstEntry <= from) return
  const [where, offset] = before === undefined ? [file, 0] : [before.file, before.end]
  if (firstEntry > nextEntry) throw damaged(where, offset, `entries ${nextEntry} to ${firstEntry - 1} are missing`)
  throw damaged(where, offset, `entries ${firstEntry} to ${nextEntry - 1} are there twice`)
}

function assertReaches(leastEnd = 0, nextEntry = 0, file: string, offset: number): void {
  if (nextEntry < leastEnd) throw damaged(file, offset, `entries ${nextEntry} to ${leastEnd - 1} are missing`)
}

async function lastEntryOf(scanner: SegmentScanner, firstEntry: number): Promise<number> {
  let next = firstEntry
  for (let at = scanner.position, frame: Frame | undefined; (frame = await scanner.next()) !== undefined; ) {
    if (frame.firstEntry !== next) throw damaged(scanner.file, at, `entry ${next} is missing`)
    next += frame.count
    at = scanner.position
  }
  return next
}

async function assertTorn(scanner: SegmentScanner, bytes: number, nextEntry: number): Promise<void> {
  if (await scanner.hasFrameBehind(bytes, nextEntry))
    throw damaged(scanner.file, scanner.position, 'the frames after it are whole, so a crash did not tear it')
}
