const SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000
}
const PART = /(\d+)(ms|[smhdwy])/g

/** Length of a duration such as `1m30s`. 0 if it is none. */
export function secondsOf(text: string): number {
  if (text.replaceAll(PART, '') !== '') return 0
  return [...text.matchAll(PART)].reduce((sum, [, amount, unit]) => sum + Number(amount) * SECONDS[unit], 0)
}
