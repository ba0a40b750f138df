import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Logger } from 'pino'
import { describeError } from '../../errors.ts'
import type { Clock } from '../../telemetry/clock.ts'
import { UseTable } from './use-table.ts'

const FILE = 'label-uses.json'
const SAVE_INTERVAL_MS = 60_000

/** A table of uses that outlives the process. */
export interface KeptUses {
  readonly table: UseTable
  /** Writes it down for the last time. */
  close(): Promise<void>
}

/**
 * Reads the table from `folder`, and writes it down there every minute in which it has changed. A file that cannot be
 * read is replaced by an empty table.
 * @param folder undefined: it is not kept
 */
export async function openUses(folder: string | undefined, clock: Clock, log: Logger): Promise<KeptUses> {
  if (folder === undefined) return { table: new UseTable(clock.now()), close: async () => {} }
  const file = path.join(folder, FILE)
  const table = await readTable(file, clock, log)
  let saved = 0
  const save = async () => {
    if (saved === table.changes) return
    saved = table.changes
    try {
      await mkdir(folder, { recursive: true })
      await writeFile(`${file}.tmp`, table.save())
      await rename(`${file}.tmp`, file)
    } catch (error) {
      saved = -1
      log.warn(
        { err: describeError(error) },
        `${file} cannot be written: the labels that were asked for are lost at a stop`
      )
    }
  }
  let cancel = () => {}
  let saving = Promise.resolve()
  const schedule = () => {
    cancel = clock.setTimer(SAVE_INTERVAL_MS, () => {
      saving = save()
      schedule()
    })
  }
  schedule()
  return {
    table,
    async close() {
      cancel()
      await saving
      await save()
    }
  }
}

async function readTable(file: string, clock: Clock, log: Logger): Promise<UseTable> {
  try {
    return UseTable.restore(await readFile(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.warn({ err: describeError(error) }, `${file} cannot be read: the labels that are asked for are noted anew`)
    const table = new UseTable(clock.now())
    // Since when it is noted must outlive the process too.
    table.changes++
    return table
  }
}
