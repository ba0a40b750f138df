import { readFileSync } from 'node:fs'
import type { BaseOptions } from '@platformatic/kafka'
import { describeError, WeirError } from '../errors.ts'
import type { ConfigProblem } from '../plugin/contract.ts'

const ADDRESS = /^(\[[\da-fA-F:.]+\]|[\w.-]+):\d{1,5}$/
/** Brokers that are gone are not waited for: the caller tries again by itself, and says so. */
const RETRIES = 3
const RETRY_MS = 250
const CONNECT_TIMEOUT_MS = 5000
const REQUEST_TIMEOUT_MS = 30_000

/** Options of receivers and exporters that talk to Kafka. */
export interface KafkaConnection {
  readonly brokers: readonly string[]
  readonly client_id: string
  readonly tls?: { readonly ca_file?: string; readonly cert_file?: string; readonly key_file?: string }
  readonly sasl?: { readonly mechanism: SaslMechanism; readonly username: string; readonly password: string }
}

const SASL_MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
type SaslMechanism = (typeof SASL_MECHANISMS)[number]

/** For the `properties` of a component's schema. */
export const KAFKA_CONNECTION = {
  brokers: {
    type: 'array',
    items: { type: 'string' },
    minItems: 1,
    description: 'Addresses of some brokers, such as [kafka-1:9092, kafka-2:9092]. The others are found by these.'
  },
  client_id: { type: 'string', default: 'weir', description: 'Name by which brokers log this client.' },
  tls: {
    type: 'object',
    additionalProperties: false,
    description: 'Encryption. An empty section trusts the authorities that Node knows.',
    properties: {
      ca_file: { type: 'string', description: "Certificates of the brokers' authorities, PEM." },
      cert_file: { type: 'string', description: 'Certificate of the client, PEM (mTLS).' },
      key_file: { type: 'string', description: 'Private key of that certificate, PEM.' }
    }
  },
  sasl: {
    type: 'object',
    additionalProperties: false,
    required: ['mechanism', 'username', 'password'],
    description: 'Credentials of the client.',
    properties: {
      mechanism: { enum: SASL_MECHANISMS, description: 'PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.' },
      username: { type: 'string', description: 'Name of the user.' },
      password: { type: 'string', writeOnly: true, description: 'Password of the user.' }
    }
  }
} as const

export function checkConnection({ brokers, tls }: KafkaConnection): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  for (const [i, broker] of brokers.entries())
    if (!ADDRESS.test(broker))
      problems.push({ path: ['brokers', i], message: `"${broker}" is not an address such as kafka-1:9092` })
  if (tls !== undefined && (tls.cert_file === undefined) !== (tls.key_file === undefined))
    problems.push({ path: ['tls'], message: 'cert_file and key_file go together' })
  return problems
}

/** Options of the client library. Throws `CONFIG_INVALID` if a file cannot be read. */
export function clientOptions({ brokers, client_id, tls, sasl }: KafkaConnection): BaseOptions {
  const { ca_file, cert_file, key_file } = tls ?? {}
  const files = { ca: textOf(ca_file), cert: textOf(cert_file), key: textOf(key_file) }
  return {
    clientId: client_id,
    bootstrapBrokers: [...brokers],
    retries: RETRIES,
    retryDelay: RETRY_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    ...(tls === undefined ? {} : { tls: files, tlsServerName: true }),
    ...(sasl === undefined ? {} : { sasl })
  }
}

function textOf(file: string | undefined): string | undefined {
  try {
    return file === undefined ? undefined : readFileSync(file, 'utf8')
  } catch (cause) {
    throw new WeirError('CONFIG_INVALID', `cannot read ${file}: ${describeError(cause)}`, { cause })
  }
}
