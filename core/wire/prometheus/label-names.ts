import { isEscaping, type TranslationStrategy } from './translation-strategy.ts'

/** True if a label can have this name with `strategy`; `__name__` is the metric's. */
export function isLabelName(name: string, strategy: TranslationStrategy): boolean {
  if (name === '__name__') return false
  return isEscaping(strategy) ? /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) : name !== ''
}

/** Empty if nothing can name a label, for an empty key. */
export function labelName(key: string, strategy: TranslationStrategy): string {
  if (!isEscaping(strategy) || key === '') return key
  const name = key.replace(/[^a-zA-Z0-9]+/g, '_')
  if (/^\d/.test(name)) return `key_${name}`
  // Prometheus keeps names that begin with an underscore to itself.
  return name.startsWith('_') ? `key${name}` : name
}
