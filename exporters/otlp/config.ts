import { nodeHttp } from '../../core/http/node-modules.ts'
import type { ConfigProblem, ConfigSchema } from '../../sdk/plugin/index.ts'

export const PROTOCOLS = ['http/protobuf', 'grpc'] as const
export const COMPRESSIONS = ['gzip', 'zstd', 'none'] as const

/** All that metadata of gRPC may have. */
const PRINTABLE = /^[ -~]*$/

export interface Config {
  readonly endpoint: string
  readonly protocol: (typeof PROTOCOLS)[number]
  readonly headers: Readonly<Record<string, string>>
  readonly compression: (typeof COMPRESSIONS)[number]
}

export const schema: ConfigSchema = {
  type: 'object',
  required: ['endpoint'],
  properties: {
    endpoint: {
      type: 'string',
      description:
        'URL of the server, without /v1/metrics, such as http://collector:4318, or http://collector:4317 for gRPC.'
    },
    protocol: {
      enum: PROTOCOLS,
      description: 'Protocol: http/protobuf or grpc.',
      default: 'http/protobuf'
    },
    headers: {
      type: 'object',
      additionalProperties: { type: 'string' },
      default: {},
      writeOnly: true,
      description: 'Headers (gRPC: metadata) of every request, such as Authorization.'
    },
    compression: {
      enum: COMPRESSIONS,
      description: 'Compression of requests. There is no zstd over gRPC.',
      default: 'gzip'
    }
  }
}

export function check({ endpoint, protocol, headers, compression }: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const url = URL.parse(endpoint)
  if (url === null || !/^https?:$/.test(url.protocol))
    problems.push({ path: ['endpoint'], message: `"${endpoint}" is not an http:// or https:// URL` })
  else if (url.username !== '' || url.password !== '')
    problems.push({
      path: ['endpoint'],
      message: 'a URL must not carry a user name and password: use an Authorization header'
    })
  else if (protocol === 'grpc' && url.pathname !== '/')
    problems.push({ path: ['endpoint'], message: `gRPC has no path: leave out "${url.pathname}"` })
  if (protocol === 'grpc' && compression === 'zstd')
    problems.push({ path: ['compression'], message: 'there is no zstd over gRPC: use gzip or none' })
  const binary = Object.keys(headers).find(name => name.toLowerCase().endsWith('-bin'))
  if (protocol === 'grpc' && binary !== undefined)
    problems.push({ path: ['headers', binary], message: 'metadata in binary cannot be configured: leave it out' })
  return [...problems, ...Object.entries(headers).flatMap(header => checkHeader(header, protocol))]
}

/** What could never be sent would be tried again for ever. Values are secret. */
function checkHeader([name, value]: [string, string], protocol: Config['protocol']): ConfigProblem[] {
  const path = ['headers', name]
  if (!passes(() => nodeHttp().validateHeaderName(name)))
    return [{ path, message: `"${name}" is not the name of a header` }]
  const isSendable =
    protocol === 'grpc' ? PRINTABLE.test(value) : passes(() => nodeHttp().validateHeaderValue(name, value))
  if (isSendable) return []
  return [{ path, message: 'its value has a character that a header cannot have: is there a newline at its end?' }]
}

function passes(validate: () => void): boolean {
  try {
    validate()
    return true
  } catch {
    return false
  }
}
