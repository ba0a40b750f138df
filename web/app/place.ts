// State of the page in the hash of its URL: `#explore?query=up&from=now-1h`.

type Values = Readonly<Record<string, string | undefined>>

/** What a user has chosen. Links and reloads keep it. */
export interface Place {
  /** Name of the tab. Empty if the URL has none. */
  readonly tab: string
  get(name: string): string | undefined
  /** Changes some values of the open tab; undefined removes one. The history gets no new entry. */
  set(values: Values): void
  /** Opens a tab with these values, and those that all tabs share. The history gets a new entry. */
  go(tab: string, values?: Values): void
  /** Calls `listener` when somebody else changed the URL: a link, or the browser's history. Returns how to end it. */
  onChange(listener: () => void): () => void
}

/** Values that stay when another tab is opened. */
const SHARED = ['from', 'to', 'live', 'source']

class HashPlace implements Place {
  readonly #listeners = new Set<() => void>()

  constructor() {
    window.addEventListener('hashchange', () => {
      for (const listener of [...this.#listeners]) listener()
    })
  }

  get tab(): string {
    return parts()[0]
  }

  get(name: string): string | undefined {
    return parts()[1].get(name) ?? undefined
  }

  set(values: Values): void {
    const [tab, present] = parts()
    change(present, values)
    history.replaceState(undefined, '', hashOf(tab, present))
  }

  go(tab: string, values: Values = {}): void {
    location.hash = this.hrefOf(tab, values)
  }

  /** The hash that {@link go} opens. */
  hrefOf(tab: string, values: Values = {}): string {
    const present = parts()[1]
    const kept = new URLSearchParams(SHARED.flatMap(name => (present.has(name) ? [[name, present.get(name)!]] : [])))
    change(kept, values)
    return hashOf(tab, kept)
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** The only one: a page has one URL. */
export const place = new HashPlace()

function parts(): [tab: string, values: URLSearchParams] {
  const [tab, values = ''] = location.hash.slice(1).split('?', 2)
  return [tab, new URLSearchParams(values)]
}

function change(present: URLSearchParams, values: Values): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === '') present.delete(name)
    else present.set(name, value)
  }
}

function hashOf(tab: string, values: URLSearchParams): string {
  return `#${tab}${values.size === 0 ? '' : `?${values}`}`
}
