import type { QueuedRequest, RequestStore } from '../requests.ts'

const DATABASE = 'weir-client'
const REQUESTS = 'requests'
/** A page that lives renews the leases of its requests three times within this; other pages take those that ran out. */
export const LEASE_MS = 15_000

interface StoredRequest extends QueuedRequest {
  readonly endpoint: string
  /** Unix ms, up to which it is that of a page. */
  readonly lease: number
}

/** The result of a look into the store. */
export interface Adopted {
  /** Requests of pages that are gone. */
  readonly requests: readonly QueuedRequest[]
  /** Items of requests that were removed, because they were too old or too many. */
  readonly expired: number
}

export interface StoreLimits {
  readonly maxAgeMs: number
  readonly maxBytes: number
}

/**
 * Requests of all pages of an origin, in IndexedDB. Each is sent by one page at a time: that with the lease. Two may send
 * one all the same, the same bytes with the same number. Without IndexedDB nothing is kept, and everything succeeds.
 */
export class IndexedRequests implements RequestStore {
  readonly #endpoint: string
  readonly #limits: StoreLimits
  readonly #database: Promise<IDBDatabase | undefined>

  constructor(endpoint: string, limits: StoreLimits) {
    this.#endpoint = endpoint
    this.#limits = limits
    this.#database = openDatabase()
  }

  async put(request: QueuedRequest): Promise<void> {
    await transact(await this.#database, requests => {
      requests.put(this.#leased(request))
      // By itself it would wait for the result, which a page that goes does not get.
      requests.transaction.commit()
    })
  }

  async replace({ key }: QueuedRequest, by: readonly QueuedRequest[]): Promise<boolean> {
    let isThere = true
    await transact(await this.#database, requests => {
      read(requests.getKey(key), found => {
        isThere = found !== undefined
        if (!isThere) return
        requests.delete(key)
        for (const request of by) requests.put(this.#leased(request))
      })
    })
    return isThere
  }

  /** Renews the leases of requests that a page has, and takes those whose lease ran out. */
  async adopt(held: { has(key: string): boolean }): Promise<Adopted> {
    const taken: QueuedRequest[] = []
    let expired = 0
    await transact(await this.#database, requests => {
      read(requests.getAll(), (all: StoredRequest[]) => {
        const now = Date.now()
        const { maxAgeMs, maxBytes } = this.#limits
        let bytes = 0
        for (const request of all.sort((a, b) => b.madeAt - a.madeAt)) {
          const { key, items, body, madeAt, endpoint, lease } = request
          if (endpoint !== this.#endpoint) continue
          bytes += body.length
          const isHeld = held.has(key)
          // A lease of the far future is by a clock that was set back.
          if (!isHeld && Math.abs(now - lease + LEASE_MS) < LEASE_MS) continue
          if (isHeld || (now - madeAt < maxAgeMs && bytes < maxBytes)) {
            requests.put(this.#leased(request))
            if (!isHeld) taken.push(request)
          } else {
            expired += items
            requests.delete(key)
          }
        }
      })
    })
    return { requests: taken.reverse(), expired }
  }

  #leased(request: QueuedRequest): StoredRequest {
    return { ...request, endpoint: this.#endpoint, lease: Date.now() + LEASE_MS }
  }
}

function openDatabase(): Promise<IDBDatabase | undefined> {
  return new Promise(resolve => {
    try {
      const opening = indexedDB.open(DATABASE, 1)
      opening.onupgradeneeded = () => opening.result.createObjectStore(REQUESTS, { keyPath: 'key' })
      opening.onsuccess = () => {
        // Another version of this library must not wait for the page.
        opening.result.onversionchange = () => opening.result.close()
        resolve(opening.result)
      }
      opening.onerror = () => resolve(undefined)
    } catch {
      resolve(undefined)
    }
  })
}

/** Resolves when the transaction has ended, however it did. */
function transact(database: IDBDatabase | undefined, use: (requests: IDBObjectStore) => void): Promise<void> {
  return new Promise(resolve => {
    try {
      if (!database) return resolve()
      const transaction = database.transaction(REQUESTS, 'readwrite')
      transaction.oncomplete = transaction.onabort = () => resolve()
      use(transaction.objectStore(REQUESTS))
    } catch {
      resolve()
    }
  })
}

function read<T>(request: IDBRequest<T>, use: (result: T) => void): void {
  request.onsuccess = () => use(request.result)
}
