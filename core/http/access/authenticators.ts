import type { Logger } from 'pino'
import { WeirError } from '../../errors.ts'
import type { Authenticator, Identity } from '../../plugin/access.ts'
import type { Clock } from '../../telemetry/clock.ts'
import { BasicAuthenticator } from './basic.ts'
import { BearerAuthenticator } from './bearer.ts'
import type { AuthenticatorConfig, TokenConfig, UserConfig } from './config.ts'
import { JwtAuthenticator } from './jwt.ts'
import { ReloadedFile } from './reloaded-file.ts'
import { SecretSet, secretText } from './secret-set.ts'

interface Host {
  readonly clock: Clock
  readonly log: Logger
}

/** `service.authenticators`. Each is made when a server first asks for it. */
export class Authenticators {
  readonly #configs: Readonly<Record<string, AuthenticatorConfig>>
  readonly #host: Host
  readonly #made = new Map<string, Authenticator>()

  constructor(configs: Readonly<Record<string, AuthenticatorConfig>>, host: Host) {
    this.#configs = configs
    this.#host = host
  }

  /** Throws `CONFIG_INVALID` if there is none of this name, or a file of it cannot be read. */
  authenticator(name: string): Authenticator {
    const known = this.#made.get(name)
    if (known !== undefined) return known
    if (!Object.hasOwn(this.#configs, name))
      throw new WeirError('CONFIG_INVALID', `service.authenticators has no "${name}", which a server refers to by auth`)
    const made = this.#make(this.#configs[name])
    this.#made.set(name, made)
    return made
  }

  #make({ bearer, basic, jwt }: AuthenticatorConfig): Authenticator {
    if (bearer !== undefined) return new BearerAuthenticator(this.#tokens(bearer.tokens))
    if (basic !== undefined) return new BasicAuthenticator(this.#passwords(basic.users))
    return new JwtAuthenticator(jwt!, this.#host)
  }

  #tokens(tokens: readonly TokenConfig[]): SecretSet {
    return new SecretSet(
      tokens.map(({ token, token_file, tenant }, i) => ({
        secret: this.#secret(token, token_file),
        identity: { subject: `token ${i + 1}`, tenant }
      }))
    )
  }

  #passwords(users: readonly UserConfig[]): Map<string, SecretSet> {
    return new Map(
      users.map(({ username, password, password_file, tenant }) => {
        const identity: Identity = { subject: username, tenant }
        return [username, new SecretSet([{ secret: this.#secret(password, password_file), identity }])]
      })
    )
  }

  #secret(text: string | undefined, file: string | undefined): string | ReloadedFile<string> {
    return text ?? new ReloadedFile(file!, secretText, this.#host)
  }
}
