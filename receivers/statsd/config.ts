import { TENANT_OPTION } from '../../core/http/tenants/config.ts'
import { TLS_SCHEMA, type TlsConfig } from '../../core/http/tls.ts'
import {
  byteSize,
  type ConfigProblem,
  type ConfigSchema,
  duration,
  endpoint,
  type ItemLimits,
  LIMITS_SCHEMA
} from '../../sdk/plugin/index.ts'
import { RING_BYTES } from './sockets/datagram-ring.ts'
import { MOST_PATH_BYTES } from './sockets/datagram-socket.ts'
import { MAX_FRAME_BYTES } from './sockets/framing.ts'
import type { StreamOptions } from './sockets/stream.ts'
import type { UdpOptions } from './sockets/udp.ts'
import { TAG_FORMATS, type TagFormat } from './tag-formats.ts'

const HOST_AND_PORT = String(endpoint({ description: '' }).pattern).slice(1, -1)
const LISTEN_PATTERN = `^((udp|tcp)://${HOST_AND_PORT}|(unix|unixgram)://.+)$`

export interface Config extends UdpOptions, StreamOptions {
  readonly endpoint: string
  /** Instead of `endpoint`, unless it is empty. */
  readonly listen: readonly string[]
  /** For TCP. */
  readonly tls?: TlsConfig
  readonly max_series: number
  /** Milliseconds. */
  readonly retry_for: number
  readonly tag_formats: readonly TagFormat[]
  readonly signed_gauges: 'relative' | 'absolute'
  readonly negative_timers: 'refuse' | 'accept'
  readonly drop_client_telemetry: boolean
  readonly remember_gauges: boolean
  readonly tenant?: string
  readonly limits: ItemLimits
}

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    endpoint: endpoint({
      description: 'UDP address to listen on, as host:port; 0.0.0.0 and [::] are every interface.',
      default: '127.0.0.1:8125'
    }),
    listen: {
      type: 'array',
      items: {
        type: 'string',
        pattern: LISTEN_PATTERN,
        'x-expected':
          'udp://127.0.0.1:8125, tcp://127.0.0.1:8125, unixgram:///run/weir.dsocket or unix:///run/weir.sock'
      },
      uniqueItems: true,
      description:
        'Addresses to listen on instead of endpoint: udp://host:port, tcp://host:port, unix:///path, unixgram:///path.',
      default: []
    },
    tls: {
      ...TLS_SCHEMA,
      description: 'Encryption of all TCP addresses. Files are read again when they change. Without it they are plain.'
    },
    udp_sockets: {
      type: 'integer',
      minimum: 1,
      maximum: 64,
      description:
        'Sockets of each UDP address, each with its receive buffer; the kernel spreads senders over them (SO_REUSEPORT).',
      default: 1
    },
    max_connections: {
      type: 'integer',
      minimum: 1,
      description: 'Connections of each TCP or Unix address at a time. Further ones are closed.',
      default: 1024
    },
    idle_timeout: duration({
      description: 'Time after which a connection without data is closed.',
      default: '1h'
    }),
    receive_buffer: byteSize({
      description: 'Socket buffer for datagrams that are not read yet; the kernel caps it at net.core.rmem_max.',
      default: '4MiB'
    }),
    max_series: {
      type: 'integer',
      minimum: 2,
      description:
        'Series remembered between lines, with the last values of gauges. The number is smaller if they take more than 1 KiB each. Those that are not sent again make room first.',
      default: 100_000
    },
    retry_for: duration({
      description: 'Time for which nacked points are kept and retried; 0 drops them at once.',
      default: '5m'
    }),
    tag_formats: {
      type: 'array',
      items: { enum: TAG_FORMATS },
      uniqueItems: true,
      description: 'Formats in which clients write tags into names: influx, librato, signalfx, graphite.',
      default: []
    },
    signed_gauges: {
      enum: ['relative', 'absolute'],
      description: 'Effect of a signed gauge such as -5: it moves the gauge (relative) or sets it (absolute).',
      default: 'relative'
    },
    negative_timers: {
      enum: ['refuse', 'accept'],
      description: 'Treatment of a timer below zero.',
      default: 'refuse'
    },
    drop_client_telemetry: {
      type: 'boolean',
      description: 'Drops the metrics that clients send of themselves, datadog.dogstatsd.client.*, and counts them.',
      default: false
    },
    remember_gauges: {
      type: 'boolean',
      description:
        'Keeps the last values of gauges through restarts, so that relative changes go on from them. Needs service.journal; not with service.workers.',
      default: false
    },
    tenant: TENANT_OPTION,
    limits: LIMITS_SCHEMA
  }
}

export function checkConfig({ listen, idle_timeout, tls }: Config): ConfigProblem[] {
  const problems = listen.flatMap((address, i) =>
    unixgramProblems(address).map(message => ({ path: ['listen', i], message }))
  )
  if (tls !== undefined && !listen.some(address => address.startsWith('tcp:')))
    problems.push({ path: ['tls'], message: 'it is for TCP, and listen has no tcp://host:port' })
  if (idle_timeout > 0) return problems
  return [...problems, { path: ['idle_timeout'], message: 'it must be more than 0: abandoned connections would stay' }]
}

/** Most bytes of datagrams that are not parsed, and of lines that connections have not sent to their end. */
export function socketBytes({ listen, max_connections }: Config): number {
  const count = (pattern: RegExp) => listen.filter(address => pattern.test(address)).length
  const udp = listen.length === 0 ? 1 : count(/^udp:/)
  return udp * RING_BYTES + count(/^(tcp|unix):/) * max_connections * MAX_FRAME_BYTES
}

/** A Unix datagram socket is opened by the C library of Linux, through a package that is not always there. */
function unixgramProblems(address: string): string[] {
  if (!address.startsWith('unixgram://')) return []
  if (process.platform !== 'linux') return ['Unix datagram sockets are read on Linux only: use unix:// or udp://']
  const bytes = Buffer.byteLength(address.slice('unixgram://'.length))
  if (bytes > MOST_PATH_BYTES) return [`the path has ${bytes} bytes, and a socket's has at most ${MOST_PATH_BYTES}`]
  try {
    import.meta.resolve('koffi')
    return []
  } catch {
    return ['Unix datagram sockets need a package that is not installed: npm install koffi']
  }
}
