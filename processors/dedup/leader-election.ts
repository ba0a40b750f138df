/** The leader of a cluster. */
interface Elected {
  replica: string
  /** Unix ms it was last heard. */
  heard: number
}

export type Vote = 'elected' | 'not_elected' | 'too_many_clusters'

/** Map entry, object and two short strings. */
const BYTES_PER_CLUSTER = 320
export const clusterBytes = (clusters: number): number => clusters * BYTES_PER_CLUSTER

export interface SavedLeaderElection {
  readonly clusters: readonly [string, Elected][]
  readonly nextSweep: number
}

/** One replica for each cluster: the first heard, until it is silent for too long and another sends. */
export class LeaderElection {
  failovers = 0
  #timeout: number
  #maxClusters: number
  #clusters = new Map<string, Elected>()
  #nextExpiry = 0

  /** @param timeout ms of silence */
  constructor(timeout: number, maxClusters: number) {
    this.#timeout = timeout
    this.#maxClusters = maxClusters
  }

  get size(): number {
    return this.#clusters.size
  }

  get bytes(): number {
    return clusterBytes(this.size)
  }

  vote(cluster: string, replica: string, now: number): Vote {
    const elected = this.#clusters.get(cluster)
    if (elected === undefined) return this.#enter(cluster, replica, now)
    if (elected.replica !== replica) {
      if (now - elected.heard < this.#timeout) return 'not_elected'
      elected.replica = replica
      this.failovers++
    }
    elected.heard = Math.max(elected.heard, now)
    return 'elected'
  }

  /** The elected replica, and ms since it was heard. Undefined for a cluster that is not known. */
  standing(cluster: string, now: number): { readonly replica: string; readonly silentMs: number } | undefined {
    const elected = this.#clusters.get(cluster)
    return elected && { replica: elected.replica, silentMs: Math.max(0, now - elected.heard) }
  }

  save(): SavedLeaderElection {
    return { clusters: [...this.#clusters], nextSweep: this.#nextExpiry }
  }

  restore({ clusters, nextSweep }: SavedLeaderElection): void {
    this.#clusters = new Map(clusters)
    this.#nextExpiry = nextSweep
  }

  #enter(cluster: string, replica: string, now: number): Vote {
    if (this.#clusters.size >= this.#maxClusters) this.#expireSilent(now)
    if (this.#clusters.size >= this.#maxClusters) return 'too_many_clusters'
    this.#clusters.set(cluster, { replica, heard: now })
    return 'elected'
  }

  // A cluster without a word for so long would hold an election anyway. A look at all of them for each stranger would
  // let strangers keep the processor busy.
  #expireSilent(now: number): void {
    if (now < this.#nextExpiry) return
    this.#nextExpiry = now + this.#timeout
    for (const [cluster, { heard }] of this.#clusters) if (now - heard >= this.#timeout) this.#clusters.delete(cluster)
  }
}
