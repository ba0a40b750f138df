import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { createRequire } from 'node:module'
import type { JSONWebKeySet, JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose'
import type { Logger } from 'pino'
import { describeError } from '../../errors.ts'
import type { Authenticator, Identity } from '../../plugin/access.ts'
import type { Clock } from '../../telemetry/clock.ts'
import { unavailable } from '../request-error.ts'
import { credentialsOf, unauthorized } from './credentials.ts'
import { ReloadedFile } from './reloaded-file.ts'

/** `jwt` of an authenticator. */
export interface JwtConfig {
  readonly issuer: string
  readonly audience: readonly string[]
  readonly jwks_file?: string
  readonly jwks_url?: string
  readonly algorithms: readonly string[]
  readonly tenant_claim?: string
}

interface JwtHost {
  readonly clock: Clock
  readonly log: Logger
}

/** Its 46 files are loaded with the first authenticator that needs them: most configurations have none. */
const jose = (): typeof import('jose') => createRequire(import.meta.url)('jose')

const LEEWAY_S = 60
/** Tokens whose signature was checked, so that it is not checked again with every request. */
const MOST_REMEMBERED = 10_000
const DISCOVERY_MS = 5000

interface Verified {
  readonly identity: Identity
  /** That it was checked with: another file has other keys. */
  readonly keys: JWTVerifyGetKey
  /** Unix ms. */
  readonly until: number
}

/**
 * JSON Web Tokens (https://www.rfc-editor.org/rfc/rfc7519) of one issuer, as OpenID Connect providers make them. Their
 * keys come from a file, an URL, or the URL that the issuer's discovery document names.
 */
export class JwtAuthenticator implements Authenticator {
  readonly #config: JwtConfig
  readonly #host: JwtHost
  readonly #file: ReloadedFile<JWTVerifyGetKey> | undefined
  #remote: Promise<JWTVerifyGetKey> | undefined
  /** By hash, the oldest first. */
  readonly #verified = new Map<string, Verified>()

  constructor(config: JwtConfig, host: JwtHost) {
    this.#config = config
    this.#host = host
    this.#file = config.jwks_file === undefined ? undefined : new ReloadedFile(config.jwks_file, readKeys, host)
  }

  async authenticate(headers: IncomingHttpHeaders): Promise<Identity> {
    const token = credentialsOf(headers, 'Bearer')
    const key = hash('sha256', token)
    const known = this.#verified.get(key)
    const keys = await this.#keys()
    if (known?.keys === keys && known.until > this.#host.clock.now()) return known.identity
    const payload = await this.#verify(token, keys)
    const identity = { subject: payload.sub ?? '(no subject)', tenant: this.#tenantOf(payload) }
    this.#remember(key, { identity, keys, until: (payload.exp ?? 0) * 1000 })
    return identity
  }

  async #verify(token: string, keys: JWTVerifyGetKey): Promise<JWTPayload> {
    const { issuer, audience, algorithms } = this.#config
    const options = {
      issuer,
      audience: [...audience],
      algorithms: [...algorithms],
      clockTolerance: LEEWAY_S,
      currentDate: new Date(this.#host.clock.now()),
      requiredClaims: ['exp']
    }
    try {
      return await payloadOf(token, keys, options)
    } catch (error) {
      throw this.#refusal(error)
    }
  }

  /** Keys that cannot be had are no fault of the sender. */
  #refusal(error: unknown): Error {
    const { errors } = jose()
    const isAboutToken = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)
    const isAboutKeys = error instanceof errors.JWKSInvalid || (error as { code?: string }).code === 'ERR_JOSE_GENERIC'
    if (isAboutToken && !isAboutKeys) return unauthorized('Bearer', `this token is not valid: ${describeError(error)}`)
    return this.#noKeys(error)
  }

  #noKeys(error: unknown): Error {
    this.#host.log.error(
      { err: describeError(error), issuer: this.#config.issuer },
      'cannot get the keys of an issuer of tokens'
    )
    return unavailable('the keys to check this token with cannot be had now: send this again')
  }

  async #keys(): Promise<JWTVerifyGetKey> {
    if (this.#file !== undefined) return this.#file.value
    this.#remote ??= this.#find()
    try {
      return await this.#remote
    } catch (error) {
      this.#remote = undefined
      throw this.#noKeys(error)
    }
  }

  async #find(): Promise<JWTVerifyGetKey> {
    const { jwks_url, issuer } = this.#config
    return jose().createRemoteJWKSet(new URL(jwks_url ?? (await discover(issuer))), { timeoutDuration: DISCOVERY_MS })
  }

  #tenantOf(payload: JWTPayload): string | undefined {
    const claim = this.#config.tenant_claim
    if (claim === undefined) return undefined
    const tenant = payload[claim]
    if (typeof tenant !== 'string' || tenant === '')
      throw unauthorized('Bearer', `this token has no text in its claim "${claim}", which names the tenant`)
    return tenant
  }

  #remember(key: string, verified: Verified): void {
    this.#verified.set(key, verified)
    if (this.#verified.size > MOST_REMEMBERED) this.#verified.delete(this.#verified.keys().next().value!)
  }
}

/** If a token does not name its key, and several might be it, they are tried one after the other. */
async function payloadOf(token: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTPayload> {
  const { jwtVerify, errors } = jose()
  try {
    return (await jwtVerify(token, keys, options)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      const signed = await jwtVerify(token, key, options).catch(ignoreOtherKey)
      if (signed !== undefined) return signed.payload
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}

function ignoreOtherKey(error: unknown): undefined {
  if (!(error instanceof jose().errors.JWSSignatureVerificationFailed)) throw error
}

const readKeys = (text: string) => jose().createLocalJWKSet(JSON.parse(text) as JSONWebKeySet)

/** https://openid.net/specs/openid-connect-discovery-1_0.html, section 4 */
async function discover(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await fetch(url, { signal: AbortSignal.timeout(DISCOVERY_MS) })
  if (!response.ok) throw new Error(`${url} answers with status ${response.status}`)
  const { jwks_uri } = (await response.json()) as { jwks_uri?: unknown }
  if (typeof jwks_uri !== 'string') throw new Error(`${url} names no jwks_uri`)
  return jwks_uri
}
