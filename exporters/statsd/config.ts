import { byteSize, type ConfigProblem, type ConfigSchema, endpoint } from '../../sdk/plugin/index.ts'

const HOST_AND_PORT = String(endpoint({ description: '' }).pattern).slice(1, -1)

export interface Config {
  readonly endpoint: string
  readonly framing: 'lines' | 'length_prefix'
  /** Bytes. */
  readonly max_packet_size: number
  readonly histogram_type: 'ms' | 'h' | 'd'
  readonly timestamps: boolean
}

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    endpoint: {
      type: 'string',
      pattern: `^((udp|tcp)://${HOST_AND_PORT}|unix://.+)$`,
      'x-expected': 'udp://127.0.0.1:8125, tcp://127.0.0.1:8125 or unix:///run/statsd.sock',
      description: 'Server: udp://host:port, tcp://host:port or unix:///path of a Unix stream socket.',
      default: 'udp://127.0.0.1:8125'
    },
    framing: {
      enum: ['lines', 'length_prefix'],
      description:
        'Form of packets on TCP and Unix streams: lines, or packets behind their length as Datadog’s agent reads them.',
      default: 'lines'
    },
    max_packet_size: byteSize({
      description: 'Most bytes of a packet; points whose lines are longer are dropped.',
      default: '1432B'
    }),
    histogram_type: {
      enum: ['ms', 'h', 'd'],
      description: 'Type of the lines of histograms in other units than ms. Etsy’s server knows only ms.',
      default: 'd'
    },
    timestamps: {
      type: 'boolean',
      description: 'Sends the time of each point, |T<unix seconds>. Etsy’s server cannot read it.',
      default: false
    }
  }
}

export function checkConfig({ endpoint, framing, max_packet_size }: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  if (endpoint.startsWith('udp:') && framing === 'length_prefix')
    problems.push({ path: ['framing'], message: 'length_prefix is for tcp:// and unix:// only: leave it out' })
  if (max_packet_size < 64 || max_packet_size > 65_507)
    problems.push({ path: ['max_packet_size'], message: 'it must be from 64B to 65507B, the most that UDP takes' })
  return problems
}
