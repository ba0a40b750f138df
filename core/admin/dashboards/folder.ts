import { hash } from 'node:crypto'
import { access, constants, readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { describeError } from '../../errors.ts'
import { RequestError } from '../../http/request-error.ts'
import { realDisk, replaceFile } from '../../journal/disk.ts'
import { PACKAGE_ROOT } from '../../package-root.ts'
import type { CheckedDashboard } from './check.ts'
import type { DashboardList, DashboardSummary } from './dashboard.ts'

/** Ten times the largest that comes with Weir. */
export const MOST_BYTES = 256 * 1024
/** A list of more is nothing that people choose from. */
const MOST_FILES = 500
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/
const END = '.json'
const READY_MADE = path.join(PACKAGE_ROOT, 'configs/dashboards')

/** What a list says of a text. */
type Check = Pick<CheckedDashboard, 'title' | 'problems'>

/** The text of a dashboard, and the name of this version of it, for the headers `ETag` and `If-Match`. */
export interface DashboardText {
  readonly text: string
  readonly version: string
  readonly source: DashboardSummary['source']
}

/**
 * Dashboards that come with Weir, and those of a folder: of one name that of the folder counts. Methods reject with a
 * `RequestError`.
 */
export class DashboardFolder {
  readonly #folder: string | undefined
  /** The last change. Changes come one after the other, so that none is made to a version that is gone. */
  #changed: Promise<unknown> = Promise.resolve()
  /** Of the texts of the last list, by version: a check takes longer than all else. */
  #checks: ReadonlyMap<string, Check> = new Map()

  /** @param folder need not be there; undefined: nothing can be saved */
  constructor(folder: string | undefined) {
    this.#folder = folder
  }

  async list(): Promise<DashboardList> {
    const { names, folderProblem } = await this.#ownNames()
    const all = [...new Set([...(await namesIn(READY_MADE)), ...names])].sort()
    const dashboards: DashboardSummary[] = []
    const checks = new Map<string, Check>()
    // One after the other: only one is in memory.
    for (const name of all) dashboards.push(...(await this.#summaryOf(name, checks)))
    this.#checks = checks
    return { isWritable: await this.#isWritable(), folderProblem, dashboards }
  }

  async read(name: string): Promise<DashboardText> {
    checkName(name)
    const own = this.#folder && (await textOf(this.#folder, name))
    const text = own ?? (await textOf(READY_MADE, name))
    if (text === undefined) throw new RequestError(404, `there is no dashboard ${name}: see /api/dashboards`)
    return {
      text,
      version: `"${hash('sha256', text).slice(0, 32)}"`,
      source: own === undefined ? 'ready-made' : 'file'
    }
  }

  /**
   * Saves a dashboard. Rejects if it is wrong.
   * @param replaced version that it replaces; undefined: there must be none
   */
  write(name: string, text: string, replaced: string | undefined): Promise<DashboardText> {
    return this.#change(name, replaced, async file => {
      await this.#checkRoom(name)
      const { problems } = await checked(text)
      const lines = problems.map(({ line, column, message }) => `${name}${END}:${line}:${column}: ${message}`)
      if (lines.length > 0) throw new RequestError(422, lines.join('\n'))
      await realDisk.makeFolder(path.dirname(file))
      await replaceFile(realDisk, file, [Buffer.from(text)])
      return this.read(name)
    })
  }

  /** Removes the file of a dashboard. One of the same name that comes with Weir shows again. */
  remove(name: string, removed: string): Promise<void> {
    return this.#change(name, removed, async file => {
      if ((await this.read(name)).source === 'ready-made')
        throw new RequestError(409, `the dashboard ${name} comes with Weir, and there is no file of it to remove`)
      await realDisk.remove(file)
    })
  }

  #change<T>(name: string, version: string | undefined, change: (file: string) => Promise<T>): Promise<T> {
    const changed = this.#changed.then(async () => {
      checkName(name)
      if (this.#folder === undefined)
        throw new RequestError(403, 'no dashboards are saved here: name a folder for them in service.admin.dashboards')
      const present = await this.read(name).catch(missing)
      if (present?.version !== version) throw new RequestError(412, changedMeanwhile(name, present))
      return change(path.join(this.#folder, name + END)).catch(unwritten)
    })
    this.#changed = changed.catch(() => {})
    return changed
  }

  /** A list has no place for more files. */
  async #checkRoom(name: string): Promise<void> {
    const names = await namesIn(this.#folder!)
    if (names.length < MOST_FILES || names.includes(name)) return
    throw new RequestError(
      409,
      `there are ${names.length} dashboards, and ${MOST_FILES} is the most: remove one that nobody needs`
    )
  }

  async #ownNames(): Promise<{ readonly names: readonly string[]; readonly folderProblem?: string }> {
    if (this.#folder === undefined) return { names: [] }
    try {
      const names = (await namesIn(this.#folder)).sort()
      if (names.length <= MOST_FILES) return { names }
      const folderProblem = `there are ${names.length} dashboards in it, and the first ${MOST_FILES} are listed: remove some`
      return { names: names.slice(0, MOST_FILES), folderProblem }
    } catch (error) {
      return { names: [], folderProblem: describeError(error) }
    }
  }

  /** @param checks gets the one of its text */
  async #summaryOf(name: string, checks: Map<string, Check>): Promise<DashboardSummary[]> {
    try {
      const { text, version, source } = await this.read(name)
      const { title, problems } = this.#checks.get(version) ?? (await checked(text))
      checks.set(version, { title, problems })
      return [{ name, title, source, problems }]
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      // Removed since the folder was read.
      if (error.status === 404) return []
      return [{ name, title: '', source: 'file', problems: [{ line: 1, column: 1, message: error.message }] }]
    }
  }

  async #isWritable(): Promise<boolean> {
    if (this.#folder === undefined) return false
    for (let folder = path.resolve(this.#folder); ; folder = path.dirname(folder)) {
      try {
        await access(folder, constants.W_OK)
        return true
      } catch (error) {
        // The first change makes it, if it can be made.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return false
      }
    }
  }
}

/** The parsers of questions are loaded with the first dashboard that somebody looks at. */
async function checked(text: string): Promise<CheckedDashboard> {
  const { checkDashboard } = await import('./check.ts')
  return checkDashboard(text)
}

function checkName(name: string): void {
  if (!NAME.test(name))
    throw new RequestError(
      400,
      `${JSON.stringify(name)} is no name of a dashboard: use letters, digits, "_", "-" and ".", at most 100, and begin with a letter, digit or "_"`
    )
}

/** Of files that are no dashboards by their names nobody hears. */
async function namesIn(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(error => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return files.flatMap(file =>
    file.endsWith(END) && NAME.test(file.slice(0, -END.length)) ? [file.slice(0, -END.length)] : []
  )
}

async function textOf(folder: string, name: string): Promise<string | undefined> {
  const file = path.join(folder, name + END)
  try {
    const found = await stat(file)
    if (!found.isFile()) throw new RequestError(500, 'it is no file')
    if (found.size > MOST_BYTES)
      throw new RequestError(500, `the file has ${found.size} bytes, and ${MOST_BYTES} is the most: make two of it`)
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (error instanceof RequestError) throw error
    throw new RequestError(500, `it cannot be read: ${describeError(error)}`)
  }
}

function missing(error: unknown): undefined {
  if (!(error instanceof RequestError) || error.status !== 404) throw error
}

function changedMeanwhile(name: string, present: DashboardText | undefined): string {
  if (present === undefined) return `the dashboard ${name} is gone: somebody has removed it`
  return `the dashboard ${name} is not the one that was changed: load it again, or save a copy of another name`
}

function unwritten(error: unknown): never {
  if (error instanceof RequestError) throw error
  throw new RequestError(500, `the dashboard cannot be saved: ${describeError(error)}; see service.admin.dashboards`)
}
