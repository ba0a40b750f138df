import type { Observable } from 'rxjs'
import { parseEndpoint } from '../../core/http/endpoint.ts'
import { labelling } from '../../core/http/tenants/label.ts'
import { ServerCertificate } from '../../core/http/tls.ts'
import type { Batch, Block, Context, Receiver } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { Gatherer } from './gatherer.ts'
import type { Gauges } from './gauges.ts'
import { Output } from './output.ts'
import { StatsdParser } from './parser.ts'
import type { Refusal } from './refusal.ts'
import { QUOTED_CHARACTERS, Refusals } from './refusals.ts'
import { type Address, parseAddress } from './sockets/address.ts'
import type { DatagramSink } from './sockets/datagram-events.ts'
import type { Listener, Pausable } from './sockets/listener.ts'
import { type StreamEvents, StreamListener } from './sockets/stream.ts'
import { UdpListener } from './sockets/udp.ts'
import { UnixgramListener } from './sockets/unixgram.ts'
import { type TagFormat, TaggedNames } from './tag-formats.ts'

/** StatsD over UDP, which is dropped without credits, and over connections and Unix datagrams, which have to wait for them. */
export class StatsdReceiver implements Receiver {
  protected readonly gauges: Gauges
  readonly #config: Config
  readonly #context: Context
  readonly #refusals: Refusals
  readonly #output: Output
  readonly #datagrams: Gatherer
  readonly #streams: Gatherer
  readonly #udp: readonly UdpListener[]
  /** Those whose senders can be made to wait. */
  readonly #pausable: readonly (Listener & Pausable)[]
  readonly #taggedNames: { add(value: number): void }
  readonly #datagramsRead: { add(value: number): void }
  #hasWarnedOfTags = false
  /** Blocks of them that wait for credits. */
  #unpaid = 0
  #started: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(config: Config, context: Context) {
    this.#config = config
    this.#context = context
    this.#refusals = new Refusals(context)
    this.#output = new Output(context, config.retry_for)
    const { instruments } = context
    this.#taggedNames = instruments.counter(
      'unread_tags_total',
      'Names first seen that hold tags in a format that tag_formats does not list.'
    )
    this.#datagramsRead = instruments.counter('datagrams_total', 'Datagrams read.')
    const parser = this.#makeParser()
    this.gauges = parser.gauges
    const labelled = labelling(config.tenant, context)
    const gatherer = (send: (block: Block, bytes: number) => void) =>
      new Gatherer(context, parser, (block, bytes) => {
        const own = labelled(block)
        if (own.length > 0) send(own, bytes)
      })
    this.#datagrams = gatherer((block, bytes) => this.#output.sendOrDrop(block, bytes))
    this.#streams = gatherer((block, bytes) => this.#sendOfStreams(block, bytes))
    const addresses = addressesOf(config)
    this.#udp = this.#udpListeners(addresses)
    this.#pausable = [...this.#unixgramListeners(addresses), ...this.#streamListeners(addresses)]
  }

  get batches$(): Observable<Batch> {
    return this.#output.batches$
  }

  /** The addresses it listens on, from `start` on, datagrams first. */
  get addresses(): readonly string[] {
    return this.#listeners.map(({ address }) => address)
  }

  start(): Promise<void> {
    this.#started ??= this.#listen()
    return this.#started
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#close()
    return this.#stopped
  }

  /** As one datagram, whose lines are not gathered with others. */
  async feed(input: unknown): Promise<undefined> {
    const { lines } = input as { readonly lines: readonly string[] }
    const datagram = Buffer.from(lines.join('\n'))
    this.#datagramEvents(this.#datagrams).received(datagram, 0, datagram.length)
    this.#datagrams.flush()
  }

  get #listeners(): readonly Listener[] {
    return [...this.#udp, ...this.#pausable]
  }

  async #listen(): Promise<void> {
    for (const listener of this.#listeners) {
      await listener.start()
      this.#context.announce(`StatsD on ${listener.address.replace('://', ' ')}`, listener.example)
    }
  }

  async #close(): Promise<void> {
    await Promise.all(this.#listeners.map(listener => listener.stop()))
    this.#datagrams.flush()
    this.#streams.flush()
    this.#output.close()
  }

  #makeParser(): StatsdParser {
    const { max_series, tag_formats, limits, signed_gauges, negative_timers, drop_client_telemetry } = this.#config
    const refuse = (reason: Refusal, line: string) => this.#refusals.add(reason, line)
    return new StatsdParser(this.#context.series, max_series, refuse, {
      names: new TaggedNames(tag_formats, (format, name) => this.#leaveTags(format, name)),
      limits,
      hasAbsoluteGauges: signed_gauges === 'absolute',
      takesNegativeTimers: negative_timers === 'accept',
      dropsClientTelemetry: drop_client_telemetry
    })
  }

  #udpListeners(addresses: readonly Address[]): UdpListener[] {
    const { instruments } = this.#context
    const dropped = instruments.counter(
      'kernel_drops_total',
      'Datagrams the kernel threw away because the receive buffer was full (Linux).'
    )
    const listeners = addresses.flatMap(address => {
      if (address.transport !== 'udp') return []
      const events = this.#datagramEvents(this.#datagrams)
      return [new UdpListener(address.endpoint, this.#config, this.#context, events, drops => dropped.add(drops))]
    })
    instruments.gauge(
      'receive_buffer_bytes',
      'Smallest receive buffer of the UDP sockets, as the kernel gave it; 0 without such sockets.',
      () => {
        const smallest = Math.min(...listeners.map(({ receiveBuffer }) => receiveBuffer))
        return Number.isFinite(smallest) ? smallest : 0
      }
    )
    return listeners
  }

  #unixgramListeners(addresses: readonly Address[]): UnixgramListener[] {
    const events = this.#datagramEvents(this.#streams)
    return addresses.flatMap(address =>
      address.transport === 'unixgram' ? [new UnixgramListener(address.path, this.#context, events)] : []
    )
  }

  #streamListeners(addresses: readonly Address[]): StreamListener[] {
    const { tls } = this.#config
    const certificate = tls && new ServerCertificate(tls, this.#context)
    const events = this.#streamEvents()
    return addresses.flatMap(address =>
      address.transport === 'udp' || address.transport === 'unixgram'
        ? []
        : [
            new StreamListener(
              address,
              this.#config,
              this.#context,
              events,
              address.transport === 'tcp' ? certificate : undefined
            )
          ]
    )
  }

  #streamEvents(): StreamEvents {
    const { instruments, log } = this.#context
    const refused = instruments.counter(
      'refused_connections_total',
      'Connections closed because there were max_connections on their address.'
    )
    const timedOut = instruments.counter(
      'timed_out_connections_total',
      'Connections closed because nothing came for idle_timeout.'
    )
    const failed = instruments.counter('failed_handshakes_total', 'Connections closed because TLS was not agreed on.')
    return {
      lines: lines => this.#streams.receive(lines),
      refused: reason => this.#refusals.add(reason, ''),
      connectionRefused: () => refused.add(1),
      connectionTimedOut: () => timedOut.add(1),
      handshakeFailed: error => {
        failed.add(1)
        log.debug({ err: error.message }, 'a TLS handshake failed')
      }
    }
  }

  #datagramEvents(gatherer: Gatherer): DatagramSink {
    return {
      received: (bytes, start, end) => {
        this.#datagramsRead.add(1)
        if (start === end) this.#refusals.add('empty_datagram', '')
        else gatherer.receive(bytes, start, end)
      },
      tooLong: () => this.#refusals.add('too_long', '')
    }
  }

  #sendOfStreams(block: Block, bytes: number): void {
    const sent = this.#output.sendWhenPaid(block, bytes)
    if (sent === undefined) return
    if (this.#unpaid++ === 0) for (const listener of this.#pausable) listener.pause()
    void sent.then(() => {
      if (--this.#unpaid === 0) for (const listener of this.#pausable) listener.resume()
    })
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
}

function addressesOf({ endpoint, listen }: Config): Address[] {
  if (listen.length > 0) return listen.map(parseAddress)
  return [{ transport: 'udp', endpoint: parseEndpoint(endpoint) }]
}
