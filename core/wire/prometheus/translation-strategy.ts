/**
 * Rules by which OpenTelemetry names become Prometheus names, called as in Prometheus' own `otlp.translation_strategy`.
 * Escaping turns every character but letters, digits and underscores into `_`. Suffixes say unit and type.
 */
export const TRANSLATION_STRATEGIES = [
  'UnderscoreEscapingWithSuffixes',
  'UnderscoreEscapingWithoutSuffixes',
  'NoUTF8EscapingWithSuffixes',
  'NoTranslation'
] as const
export type TranslationStrategy = (typeof TRANSLATION_STRATEGIES)[number]

export const isEscaping = (strategy: TranslationStrategy) => strategy.startsWith('UnderscoreEscaping')
