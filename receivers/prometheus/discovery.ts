import { glob, readFile } from 'node:fs/promises'
import { load } from 'js-yaml'
import { type Context, describeError } from '../../sdk/plugin/index.ts'
import type { ScrapeConfig, TargetGroup } from './config.ts'
import type { Requests } from './request.ts'

const LONGEST_REQUEST_MS = 30_000
const MOST_BYTES = 64 * 2 ** 20

/** Where groups come from; it throws if they cannot be had. */
interface Source {
  readonly what: string
  readonly refreshMs: number
  read(signal: AbortSignal): Promise<readonly TargetGroup[]>
}

/** Looks for the targets of a job, again and again. Of a source that fails the groups of before stay. */
export class Discovery {
  readonly #context: Context
  readonly #sources: readonly Source[]
  readonly #found: (readonly TargetGroup[])[]
  readonly #changed: (groups: readonly TargetGroup[]) => void
  readonly #stopped = new AbortController()
  readonly #timers = new Map<Source, () => void>()
  readonly #told = new Map<Source, string>()

  /** @param changed gets all groups of the job */
  constructor(
    config: ScrapeConfig,
    requests: Requests,
    context: Context,
    changed: (groups: readonly TargetGroup[]) => void
  ) {
    this.#context = context
    this.#changed = changed
    this.#sources = [
      ...config.file_sd_configs.map(({ files, refresh_interval }) => fileSource(files, refresh_interval)),
      ...config.http_sd_configs.map(({ url, refresh_interval }) => httpSource(url, refresh_interval, requests, context))
    ]
    this.#found = [config.static_configs, ...this.#sources.map(() => [])]
  }

  /** Static groups are there at once, all others when their sources have answered. */
  start(): void {
    this.#changed(this.#found.flat())
    for (const source of this.#sources) void this.#read(source)
  }

  stop(): void {
    this.#stopped.abort()
    for (const cancel of this.#timers.values()) cancel()
  }

  async #read(source: Source): Promise<void> {
    const { clock } = this.#context
    try {
      this.#found[this.#sources.indexOf(source) + 1] = await source.read(this.#stopped.signal)
      this.#told.delete(source)
    } catch (error) {
      this.#tell(source, describeError(error))
    }
    if (this.#stopped.signal.aborted) return
    this.#changed(this.#found.flat())
    this.#timers.set(
      source,
      clock.setTimer(source.refreshMs, () => void this.#read(source))
    )
  }

  /** Once for each error. */
  #tell(source: Source, error: string): void {
    if (!this.#stopped.signal.aborted && this.#told.get(source) !== error)
      this.#context.log.warn({ error }, `targets of ${source.what} cannot be read: those of before stay`)
    this.#told.set(source, error)
  }
}

function fileSource(patterns: readonly string[], refreshMs: number): Source {
  return {
    what: patterns.join(', '),
    refreshMs,
    async read() {
      const groups: TargetGroup[] = []
      for await (const file of glob([...patterns]))
        for (const group of parseGroups(load(await readFile(file, 'utf8')), file))
          groups.push({ ...group, labels: { ...group.labels, __meta_filepath: file } })
      return groups
    }
  }
}

function httpSource(url: string, refreshMs: number, requests: Requests, { credits }: Context): Source {
  return {
    what: url,
    refreshMs,
    async read(stopped) {
      const permit = credits.tryTake(0)
      if (permit === undefined) throw new Error('the memory budget is spent')
      const signal = AbortSignal.any([stopped, AbortSignal.timeout(LONGEST_REQUEST_MS)])
      const headers = { accept: 'application/json', 'x-prometheus-refresh-interval-seconds': String(refreshMs / 1000) }
      try {
        const { body } = await requests.get(new URL(url), headers, { permit, maxBytes: MOST_BYTES, signal })
        return parseGroups(JSON.parse(body.toString()), url).map(group => ({
          ...group,
          labels: { ...group.labels, __meta_url: url }
        }))
      } finally {
        permit.release()
      }
    }
  }
}

/** A list of `{ targets, labels }`. Throws for anything else. */
function parseGroups(json: unknown, where: string): TargetGroup[] {
  if (!Array.isArray(json))
    throw new Error(`${where} is no list of target groups: write [{ "targets": [], "labels": {} }]`)
  return json.map((group: { targets?: unknown; labels?: unknown } | null, i) => {
    const targets = group?.targets ?? []
    const labels = group?.labels ?? {}
    const isGroup = isTexts(targets) && typeof labels === 'object' && labels !== null && isTexts(Object.values(labels))
    if (!isGroup) throw new Error(`${where}: group ${i} must have targets, a list of texts, and labels, texts by name`)
    return { targets, labels: labels as Record<string, string> }
  })
}

const isTexts = (list: unknown): list is string[] => Array.isArray(list) && list.every(text => typeof text === 'string')
