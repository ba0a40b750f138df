/** Which numbers of a client were seen: the highest, and a bit for each of the `reach` up to it. */
export interface Client {
  epoch: number
  highest: number
  /** Bit `n % reach` stands for number `n`. */
  readonly bits: Uint32Array
  /** Unix ms. */
  lastSeen: number
}

/** Map entry, object and typed array header of a client, without its bits. */
const BYTES_PER_CLIENT = 320

export const clientBytes = (reach: number): number => BYTES_PER_CLIENT + (4 * roundUp(reach)) / 32

export type Seen = 'new' | 'seen' | 'old_epoch' | 'too_old'

/** The numbers that clients have used so far. The client silent for longest is evicted first. */
export class ClientNumbers {
  evicted = 0
  readonly #reach: number
  readonly #maxClients: number
  // Longest silent first: a client that is heard goes to the end.
  #clients = new Map<string, Client>()

  /** @param reach how far behind the highest a number may come and still be told apart */
  constructor(reach: number, maxClients: number) {
    this.#reach = roundUp(reach)
    this.#maxClients = maxClients
  }

  get size(): number {
    return this.#clients.size
  }

  get bytes(): number {
    return this.#clients.size * clientBytes(this.#reach)
  }

  /** Expires clients silent since before `time`, Unix ms. */
  expire(time: number): void {
    for (const [name, { lastSeen }] of this.#clients) {
      if (lastSeen >= time) return
      this.#clients.delete(name)
    }
  }

  /** Marks number `seq` of `epoch` as sent by `name`; tells if it was sent before. */
  mark(name: string, epoch: number, seq: number, now: number): Seen {
    const client = this.#heard(name, epoch, seq, now)
    if (epoch < client.epoch) return 'old_epoch'
    if (epoch > client.epoch) {
      client.epoch = epoch
      client.highest = seq
      client.bits.fill(0)
    }
    if (seq <= client.highest - this.#reach) return 'too_old'
    if (seq > client.highest) this.#moveTo(client, seq)
    const bit = seq % this.#reach
    const mask = 1 << (bit & 31)
    if ((client.bits[bit >>> 5] & mask) !== 0) return 'seen'
    client.bits[bit >>> 5] |= mask
    return 'new'
  }

  /** Takes back a {@link mark} that was new. */
  unmark(name: string, epoch: number, seq: number): void {
    const client = this.#clients.get(name)
    if (client?.epoch !== epoch || seq > client.highest || seq <= client.highest - this.#reach) return
    const bit = seq % this.#reach
    client.bits[bit >>> 5] &= ~(1 << (bit & 31))
  }

  save(): unknown {
    return { reach: this.#reach, clients: [...this.#clients] }
  }

  restore(saved: unknown): void {
    const { reach, clients } = saved as { reach: number; clients: [string, Client][] }
    if (reach !== this.#reach) throw new Error(`it was saved with max_reorder ${reach}, configured is ${this.#reach}`)
    this.#clients = new Map(clients)
  }

  #heard(name: string, epoch: number, seq: number, now: number): Client {
    let client = this.#clients.get(name)
    if (client !== undefined) this.#clients.delete(name)
    else if (this.#clients.size >= this.#maxClients) {
      this.#clients.delete(this.#clients.keys().next().value!)
      this.evicted++
    }
    client ??= { epoch, highest: seq, bits: new Uint32Array(this.#reach / 32), lastSeen: now }
    client.lastSeen = now
    this.#clients.set(name, client)
    return client
  }

  #moveTo(client: Client, seq: number): void {
    const { bits } = client
    if (seq - client.highest >= this.#reach) bits.fill(0)
    else
      for (let n = client.highest + 1; n < seq; n++) {
        const bit = n % this.#reach
        bits[bit >>> 5] &= ~(1 << (bit & 31))
      }
    const own = seq % this.#reach
    bits[own >>> 5] &= ~(1 << (own & 31))
    client.highest = seq
  }
}

const roundUp = (reach: number) => Math.ceil(reach / 32) * 32
