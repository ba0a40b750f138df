import { hash } from 'node:crypto'
import type { Identity } from '../../plugin/access.ts'
import type { ReloadedFile } from './reloaded-file.ts'

/** A secret from the configuration, or a file that has it, and its owner. */
export interface Credential {
  readonly secret: string | ReloadedFile<string>
  readonly identity: Identity
}

/**
 * Finds the owner of a secret. Secrets are compared by their hashes, so the time it takes tells nothing about them.
 */
export class SecretSet {
  readonly #fixed = new Map<string, Identity>()
  readonly #inFiles: readonly { readonly file: ReloadedFile<string>; readonly identity: Identity }[]

  constructor(secrets: readonly Credential[]) {
    for (const { secret, identity } of secrets)
      if (typeof secret === 'string') this.#fixed.set(digest(secret), identity)
    this.#inFiles = secrets.flatMap(({ secret, identity }) =>
      typeof secret === 'string' ? [] : [{ file: secret, identity }]
    )
  }

  /** Undefined if nobody has it. */
  ownerOf(secret: string): Identity | undefined {
    const sought = digest(secret)
    const fixed = this.#fixed.get(sought)
    return fixed ?? this.#inFiles.find(({ file }) => digest(file.value) === sought)?.identity
  }
}

const digest = (secret: string) => hash('sha256', secret)

/** The content of a file with one secret: without the line's end that editors add. */
export function secretText(text: string): string {
  const secret = text.replace(/\r?\n$/, '')
  if (secret === '') throw new Error('it is empty: write the secret into it')
  return secret
}
