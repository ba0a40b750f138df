import type { Options } from '../options.ts'
import type { Yaml } from '../yaml.ts'
import { given } from './twin.ts'

const MECHANISMS = new Set(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])

/** Keys with the options of one signal. */
export const SIGNALS = ['metrics', 'logs', 'traces', 'profiles']

export function brokersOf(options: Options): Yaml {
  const brokers = options.texts('brokers')
  return brokers.length > 0 ? brokers : ['localhost:9092']
}

/** `tls` and `sasl` of a client of Kafka. */
export function kafkaAccess(options: Options, notes: string[]): Record<string, Yaml | undefined> {
  const auth = options.at('auth')
  const sasl = auth.at('sasl')
  const mechanism = sasl.text('mechanism') ?? 'PLAIN'
  const hasSasl = auth.has('sasl') && MECHANISMS.has(mechanism)
  if (auth.has('sasl') && !hasSasl)
    notes.push(`sasl: ${mechanism} has no twin: use one of ${[...MECHANISMS].join(', ')}.`)
  const plain = auth.at('plain_text')
  const username = sasl.text('username') ?? plain.text('username')
  const password = sasl.text('password') ?? plain.text('password')
  const isPlain = auth.has('plain_text')
  const tls = auth.has('tls') ? auth.at('tls') : options.at('tls')
  const hasTls = (auth.has('tls') || options.has('tls')) && tls.flag('insecure') !== true
  const files = given({
    ca_file: tls.text('ca_file'),
    cert_file: tls.text('cert_file'),
    key_file: tls.text('key_file')
  })
  return {
    tls: hasTls ? files : undefined,
    sasl: hasSasl || isPlain ? given({ mechanism: isPlain ? 'PLAIN' : mechanism, username, password }) : undefined
  }
}
