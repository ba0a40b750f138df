import { X509Certificate } from 'node:crypto'
import type { SecureContextOptions, SecureVersion, TlsOptions } from 'node:tls'
import type { Logger } from 'pino'
import { describeError, WeirError } from '../errors.ts'
import type { ConfigSchema } from '../schema/json-schema.ts'
import type { Clock } from '../telemetry/clock.ts'
import { LOOK_MS, ReloadedFile } from './access/reloaded-file.ts'
import { nodeTls } from './node-modules.ts'

/** `tls` of a server, as in the OpenTelemetry Collector. */
export interface TlsConfig {
  readonly cert_file: string
  readonly key_file: string
  readonly client_ca_file?: string
  readonly min_version: '1.2' | '1.3'
}

export const TLS_SCHEMA: ConfigSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'Encryption. Files are read again when they change. Without it the server talks plain HTTP.',
  required: ['cert_file', 'key_file'],
  properties: {
    cert_file: { type: 'string', description: 'Certificate of the server with its chain, PEM.' },
    key_file: { type: 'string', description: 'Private key of the certificate, PEM.' },
    client_ca_file: {
      type: 'string',
      description: 'Certificates of authorities, PEM: clients need a certificate by one of them (mTLS).'
    },
    min_version: { type: 'string', enum: ['1.2', '1.3'], description: 'Oldest version of TLS.', default: '1.2' }
  }
}

interface TlsHost {
  readonly clock: Clock
  readonly log: Logger
}

/** The certificate and keys of a server, which may be replaced while it runs. */
export class ServerCertificate {
  readonly #config: TlsConfig
  readonly #host: TlsHost
  readonly #files: readonly ReloadedFile<string>[]
  #used: readonly string[]

  /** Throws `CONFIG_INVALID` if a file cannot be read, or the key is not that of the certificate. */
  constructor(config: TlsConfig, host: TlsHost) {
    this.#config = config
    this.#host = host
    const { cert_file, key_file, client_ca_file } = config
    const paths = client_ca_file === undefined ? [cert_file, key_file] : [cert_file, key_file, client_ca_file]
    this.#files = paths.map(path => new ReloadedFile(path, path === key_file ? keyText : certificatesText, host))
    this.#used = this.#texts
    try {
      nodeTls().createSecureContext(this.#secrets)
    } catch (cause) {
      throw new WeirError('CONFIG_INVALID', `${paths.join(', ')}: ${describeError(cause)}`, { cause })
    }
  }

  get options(): TlsOptions {
    const hasClientCa = this.#config.client_ca_file !== undefined
    return { ...this.#secrets, requestCert: hasClientCa, rejectUnauthorized: hasClientCa }
  }

  /** Has `apply` called when files have changed and go together. Returns a function that ends it. */
  watch(apply: (options: SecureContextOptions) => void): () => void {
    const look = () => {
      cancel = this.#host.clock.setTimer(LOOK_MS, look)
      const texts = this.#texts
      if (texts.every((text, i) => text === this.#used[i])) return
      try {
        nodeTls().createSecureContext(this.#secrets)
        this.#used = texts
      } catch (error) {
        // The certificate and its key are two files: one of them may not be there yet.
        this.#host.log.warn(
          { err: describeError(error) },
          'the changed TLS files do not go together; those from before stay in use'
        )
        return
      }
      apply(this.#secrets)
    }
    let cancel = this.#host.clock.setTimer(LOOK_MS, look)
    return () => cancel()
  }

  get #texts(): string[] {
    return this.#files.map(file => file.value)
  }

  get #secrets(): SecureContextOptions {
    const [cert, key, ca] = this.#texts
    return {
      cert,
      key,
      ...(ca === undefined ? {} : { ca }),
      minVersion: `TLSv${this.#config.min_version}` as SecureVersion
    }
  }
}

// An empty text is no error to TLS: it means no certificate at all or, of authorities, all those that browsers trust.
function certificatesText(text: string): string {
  try {
    new X509Certificate(text)
  } catch (cause) {
    throw new Error('it holds no certificate in PEM', { cause })
  }
  if (countOf(text, '-----BEGIN ') !== countOf(text, '-----END '))
    throw new Error('it ends within a certificate: write it whole')
  return text
}

function keyText(text: string): string {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw new Error('it holds no private key in PEM')
  return text
}

const countOf = (text: string, part: string) => text.split(part).length - 1
