import { createSocket, type Socket } from 'node:dgram'
import { readFile } from 'node:fs/promises'
import { isIP, isIPv4 } from 'node:net'
import { type Observable, Subject } from 'rxjs'
import { type Endpoint, parseEndpoint } from '../../core/http/endpoint.ts'
import {
  type Batch,
  type Block,
  blockBytes,
  type Context,
  type Permit,
  PointBlockBuilder,
  type Receiver
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { StatsdParser } from './parser.ts'
import type { Refusal } from './refusal.ts'
import { type TagFormat, TaggedNames } from './tag-formats.ts'

// Datagrams that come within this time make one block: a datagram is a few lines, and a block costs as much as
// hundreds.
const GATHER_MS = 10
const BLOCK_POINTS = 4096
/** A block is sent when the lines of a usual datagram may find no room in it: to make room takes a copy. */
const FULL_AT_POINTS = BLOCK_POINTS - 256
/** Datagrams are parsed together: a tenth less time than one by one, with the socket's work between them. */
const READ_AT_ONCE_BYTES = 32 * 1024
/** Most memory of new series that nobody has paid for yet. */
const MAX_NEW_SERIES_BYTES = 2 ** 20
const FIRST_RETRY_MS = 100
const MAX_RETRY_MS = 5_000
const KERNEL_DROPS_INTERVAL_MS = 10_000
const WARN_INTERVAL_MS = 10_000
const QUOTED_CHARACTERS = 200
/** Clients in use send these at their start, or in place of a number they do not know. */
const USUAL: ReadonlySet<Refusal> = new Set(['empty_datagram', 'missing_value'])

/**
 * StatsD over UDP. Nobody waits for an answer, so nobody else would send a nacked batch again. The batch is kept here,
 * within the credits, and tried again for `retry_for`.
 */
export class StatsdReceiver implements Receiver {
  readonly batches$: Observable<Batch>
  #batches = new Subject<Batch>()
  #config: Config
  #context: Context
  #parser: StatsdParser
  #points = new PointBlockBuilder(BLOCK_POINTS)
  /** Datagrams that are not parsed yet, and their times of receipt, Unix ms. */
  #unread: Buffer[] = []
  #unreadTimes: number[] = []
  #unreadBytes = 0
  #cancelGather: (() => void) | undefined
  #socket: Socket | undefined
  /** Gives up on a block that waits to be sent again. */
  #waiting = new Set<() => void>()
  #stopped = false
  #cancelDropCheck = () => {}
  #kernelDrops = 0
  #datagrams: { add(value: number): void }
  #droppedDatagrams: { add(value: number): void }
  #taggedNames: { add(value: number): void }
  #hasWarnedOfTags = false
  #warnedAt = Number.NEGATIVE_INFINITY
  #unwarned = 0

  constructor(config: Config, context: Context) {
    this.#config = config
    this.#context = context
    this.batches$ = this.#batches.asObservable()
    const names = new TaggedNames(config.tag_formats, (format, name) => this.#leaveTags(format, name))
    const refuse = (reason: Refusal, line: string) => this.#refuse(reason, line)
    this.#parser = new StatsdParser(context.series, config.max_series, refuse, names, config.limits)
    this.#taggedNames = context.instruments.counter(
      'unread_tags_total',
      'Names first seen that hold tags in a format that tag_formats does not list.'
    )
    this.#datagrams = context.instruments.counter('datagrams_total', 'Datagrams read.')
    this.#droppedDatagrams = context.instruments.counter(
      'kernel_drops_total',
      'Datagrams the kernel threw away because the receive buffer was full (Linux).'
    )
  }

  /** The address it listens on, from `start` on. */
  get address(): Endpoint {
    const { address: host, port } = this.#socket!.address()
    return { host, port }
  }

  async start(): Promise<void> {
    if (this.#socket !== undefined) return
    const { endpoint, receive_buffer } = this.#config
    this.#socket = await bound(parseEndpoint(endpoint), receive_buffer).catch(cause => {
      throw new Error(
        `statsd cannot listen on udp ${endpoint}: is another program there, or the address not of this machine?`,
        { cause }
      )
    })
    this.#socket.on('message', datagram => this.#receive(datagram))
    this.#socket.on('error', error => this.#context.status('failed', `udp ${endpoint}: ${error.message}`))
    this.#reportBuffer(this.#socket.getRecvBufferSize())
    this.#scheduleDropCheck()
    const { host, port } = this.address
    // bash sends datagrams by itself; not every machine has nc.
    this.#context.announce(
      `StatsD on udp ${host}:${port}`,
      `bash -c "echo -n 'page.views:1|c|#page:home' > /dev/udp/${host}/${port}"`
    )
  }

  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    this.#cancelDropCheck()
    this.#flush()
    for (const giveUp of this.#waiting) giveUp()
    this.#waiting.clear()
    this.#batches.complete()
    await new Promise<void>(resolve => (this.#socket === undefined ? resolve() : this.#socket.close(resolve)))
  }

  #receive(datagram: Buffer): void {
    if (this.#stopped) return
    this.#datagrams.add(1)
    if (datagram.length === 0) return this.#refuse('empty_datagram', '')
    this.#unread.push(datagram)
    this.#unreadTimes.push(this.#context.clock.now())
    this.#unreadBytes += datagram.length
    if (this.#unreadBytes >= READ_AT_ONCE_BYTES) this.#read()
    this.#cancelGather ??= this.#context.clock.setTimer(GATHER_MS, () => this.#flush())
  }

  /** Parses the datagrams that came since the last time. */
  #read(): void {
    const unread = this.#unread
    const times = this.#unreadTimes
    this.#unread = []
    this.#unreadTimes = []
    this.#unreadBytes = 0
    for (let i = 0; i < unread.length; i++) {
      this.#parser.parse(unread[i], times[i], this.#points)
      const isFull = this.#points.length >= FULL_AT_POINTS || this.#parser.newSeriesBytes >= MAX_NEW_SERIES_BYTES
      if (isFull) this.#endBlock()
    }
  }

  #refuse(reason: Refusal, line: string): void {
    const { account, clock, log } = this.#context
    account.received++
    account.drop(reason)
    if (USUAL.has(reason)) return
    this.#unwarned++
    if (clock.now() - this.#warnedAt < WARN_INTERVAL_MS) return
    log.warn(
      { reason, lines: this.#unwarned, line: line.slice(0, QUOTED_CHARACTERS) },
      'dropped lines that are not StatsD; this is one'
    )
    this.#warnedAt = clock.now()
    this.#unwarned = 0
  }

  #leaveTags(format: TagFormat, name: string): void {
    this.#taggedNames.add(1)
    if (this.#hasWarnedOfTags) return
    this.#hasWarnedOfTags = true
    this.#context.log.warn(
      { name: name.slice(0, QUOTED_CHARACTERS), format },
      'a name holds tags in a format that is not read, so each of its series is a metric: add it to tag_formats'
    )
  }

  #flush(): void {
    this.#cancelGather?.()
    this.#cancelGather = undefined
    this.#read()
    this.#endBlock()
  }

  #endBlock(): void {
    if (this.#points.length === 0) return
    const block = this.#points.build()
    this.#points = new PointBlockBuilder(BLOCK_POINTS)
    const bytes = blockBytes(block) + this.#parser.newSeriesBytes
    this.#parser.resetNewSeries()
    this.#send(block, bytes)
  }

  /** Buys credits and sends. A block without credits is lost, as datagrams are. */
  #send(block: Block, bytes: number): void {
    const { account, clock, credits } = this.#context
    const permit = credits.tryTake(bytes)
    if (permit === undefined) {
      account.received += block.length
      account.drop('no_credits', block.length)
    } else this.#emit(block, permit, clock.now(), 0)
  }

  #emit(block: Block, permit: Permit, since: number, attempt: number): void {
    const { bytes } = permit
    const batch = this.#context.batch(block, permit, outcome => {
      if (outcome.status === 'nacked') this.#keep(block, bytes, since, attempt)
    })
    this.#batches.next(batch)
  }

  // The ledger has the block as received and nacked. As it was nacked to us it is still here: that entry is
  // turned into one in flight, and taken out again when `#emit` makes its own, so each point is in the books once. The
  // permit went back when the batch ended, so this buys another and holds it.
  #keep(block: Block, bytes: number, since: number, attempt: number): void {
    const { account, clock, credits } = this.#context
    const items = block.length
    account.refused -= items
    account.inFlight += items
    const permit = credits.tryTake(bytes)
    const giveUp = (reason: string) => {
      permit?.release()
      account.inFlight -= items
      account.drop(reason, items)
    }
    if (this.#stopped) giveUp('shutdown')
    else if (permit === undefined) giveUp('no_credits')
    else if (clock.now() - since >= this.#config.retry_for) giveUp('retries_exhausted')
    else {
      const cancel = clock.setTimer(Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt), () => {
        this.#waiting.delete(waiting)
        account.inFlight -= items
        account.received -= items
        this.#emit(block, permit, since, attempt + 1)
      })
      const waiting = () => {
        cancel()
        giveUp('shutdown')
      }
      this.#waiting.add(waiting)
    }
  }

  #reportBuffer(bytes: number): void {
    const { receive_buffer: wanted } = this.#config
    if (bytes >= wanted) return
    this.#context.log.warn(
      { wanted, bytes },
      `the kernel allows a smaller receive buffer than receive_buffer asks for, and drops datagrams sooner: sysctl -w net.core.rmem_max=${wanted}`
    )
  }

  #scheduleDropCheck(): void {
    this.#cancelDropCheck = this.#context.clock.setTimer(KERNEL_DROPS_INTERVAL_MS, async () => {
      const drops = (await kernelDrops(this.address)) - this.#kernelDrops
      if (this.#stopped) return
      if (drops > 0) {
        this.#kernelDrops += drops
        this.#droppedDatagrams.add(drops)
        this.#context.log.warn(
          { datagrams: drops },
          'the kernel dropped datagrams: raise receive_buffer, or let clients pack lines'
        )
      }
      this.#scheduleDropCheck()
    })
  }
}

async function bound({ host, port }: Endpoint, recvBufferSize: number): Promise<Socket> {
  const socket = createSocket({ type: isIP(host) === 6 ? 'udp6' : 'udp4', recvBufferSize })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, host, () => {
      socket.off('error', reject)
      resolve()
    })
  })
  return socket
}

/** Datagrams dropped by the socket at `address` since it was opened; 0 if the kernel does not tell. */
export async function kernelDrops({ host, port }: Endpoint): Promise<number> {
  const table = await readFile(isIPv4(host) ? '/proc/net/udp' : '/proc/net/udp6', 'utf8').catch(() => '')
  const portHex = port.toString(16).toUpperCase().padStart(4, '0')
  // Addresses of IPv4 are written backwards; of IPv6 the port has to do.
  const hostHex = isIPv4(host) ? Buffer.from(host.split('.').reverse().map(Number)).toString('hex').toUpperCase() : ''
  let drops = 0
  for (const line of table.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/)
    if (columns[1]?.endsWith(`${hostHex}:${portHex}`)) drops += Number(columns.at(-1))
  }
  return drops
}
