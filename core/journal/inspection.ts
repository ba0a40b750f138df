import { describeError } from '../errors.ts'
import { SeriesTable } from '../model/series-table/series-table.ts'
import { ByteReader } from './bytes.ts'
import type { Disk } from './disk.ts'
import { EntryDecoder } from './entry-decoder.ts'
import { damaged, firstEntryOf, HEADER_BYTES, listSegments, SegmentScanner } from './segment.ts'

/** The content of a segment, as far as it can be read. */
export interface InspectedSegment {
  readonly file: string
  /** Size of the file. */
  readonly bytes: number
  /** Undefined if the header is not whole. */
  readonly firstEntry: number | undefined
  readonly entries: number
  /** Times of the first and the last entry, Unix ms. Undefined if there is none. */
  readonly span: readonly [from: number, to: number] | undefined
  /** The beginning of each whole frame, and the number of entries before it. */
  readonly frames: readonly { readonly at: number; readonly entriesBefore: number }[]
  /** The end of its last whole frame. */
  readonly end: number
}

/** Looks at a segment without changing it. Throws `STATE_INVALID` for a frame that is whole and makes no sense. */
export async function inspectSegment(disk: Disk, file: string): Promise<InspectedSegment> {
  const bytes = await disk.size(file)
  const scanner = await SegmentScanner.open(disk, file)
  if (scanner === undefined)
    return { file, bytes, firstEntry: undefined, entries: 0, span: undefined, frames: [], end: 0 }
  const decoder = new EntryDecoder(new SeriesTable())
  const frames: { at: number; entriesBefore: number }[] = []
  let entries = 0
  let span: [number, number] | undefined
  try {
    for (;;) {
      const at = scanner.position
      const frame = await scanner.next()
      if (frame === undefined) break
      const decoded = decode(decoder, frame.payload, file, at)
      frames.push({ at, entriesBefore: entries })
      entries += frame.count
      span = [span?.[0] ?? decoded[0].time, decoded.at(-1)!.time]
    }
    return { file, bytes, firstEntry: scanner.header.firstEntry, entries, span, frames, end: scanner.position }
  } finally {
    await scanner.close()
  }
}

/** The losses of a journal that is cut. */
export interface Cut {
  /** Entries from this number on are gone. */
  readonly firstLost: number
  /** The lost entries that could still be read. */
  readonly readableLost: number
  /** Bytes deleted, of the file that is cut and of those behind it. */
  readonly bytes: number
  readonly removed: readonly string[]
  /** Does it. */
  carryOut(): Promise<void>
}

/**
 * Plans to end the journal in `folder` at byte `offset` of `segment`. The offset is the beginning of a frame or the end
 * of the last one; at 0 the whole segment goes. Throws a RangeError for any other offset, and if there is no such
 * segment.
 */
export async function planCut(disk: Disk, folder: string, segment: string, offset: number): Promise<Cut> {
  const files = await listSegments(disk, folder)
  const at = files.findIndex(file => file === segment || file.endsWith(`/${segment}`))
  if (at < 0) throw new RangeError(`there is no segment ${segment} in ${folder}`)
  const cut = await inspectSegment(disk, files[at])
  const firstLost = firstLostBy(cut, offset)
  const behind = await Promise.all(files.slice(at + 1).map(file => inspectSegment(disk, file)))
  const isRemoved = offset < HEADER_BYTES
  const kept = firstLost - (cut.firstEntry ?? firstLost)
  return {
    firstLost,
    readableLost: cut.entries - kept + behind.reduce((sum, { entries }) => sum + entries, 0),
    bytes: cut.bytes - offset + behind.reduce((sum, { bytes }) => sum + bytes, 0),
    removed: files.slice(isRemoved ? at : at + 1),
    async carryOut() {
      // From the last one on: so the rest is a journal at any moment.
      for (const file of files.slice(isRemoved ? at : at + 1).reverse()) {
        await disk.remove(file)
        await disk.syncFolder(folder)
      }
      if (!isRemoved) await truncate(disk, files[at], offset)
    }
  }
}

/**
 * Ends the journal in `folder` before `entry`, which must be the first of a commit. What was written after a checkpoint is
 * made again from it.
 */
export async function cutFrom(disk: Disk, folder: string, entry: number): Promise<void> {
  for (const file of (await listSegments(disk, folder)).toReversed()) {
    if (firstEntryOf(file) < entry) return cutSegment(disk, file, entry)
    await disk.remove(file)
    await disk.syncFolder(folder)
  }
}

async function cutSegment(disk: Disk, file: string, entry: number): Promise<void> {
  const scanner = await SegmentScanner.open(disk, file)
  try {
    for (
      let at = scanner?.position, frame = await scanner?.next();
      frame !== undefined;
      frame = await scanner!.next()
    ) {
      if (frame.firstEntry >= entry) return await truncate(disk, file, at!)
      at = scanner!.position
    }
  } finally {
    await scanner?.close()
  }
}

function firstLostBy({ file, firstEntry, entries, frames, end }: InspectedSegment, offset: number): number {
  const begins = firstEntry ?? firstEntryOf(file)
  if (offset === 0 || (offset === HEADER_BYTES && firstEntry !== undefined)) return begins
  if (offset === end && firstEntry !== undefined) return begins + entries
  const frame = frames.find(({ at }) => at === offset)
  if (frame !== undefined) return begins + frame.entriesBefore
  const before = frames.findLast(({ at }) => at < offset)?.at ?? 0
  throw new RangeError(
    `byte ${offset} of ${file} is within a frame: cut at the start of a frame, at ${before}, or at ${end}, behind the last whole one`
  )
}

async function truncate(disk: Disk, file: string, length: number): Promise<void> {
  const handle = await disk.open(file)
  try {
    await handle.truncate(length)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function decode(decoder: EntryDecoder, payload: Buffer, file: string, at: number) {
  try {
    return decoder.decode(new ByteReader(payload))
  } catch (error) {
    throw damaged(file, at, describeError(error))
  }
}
