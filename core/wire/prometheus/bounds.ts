/** A bucket's bound in a label, with infinities as Prometheus spells them. */
export function boundText(bound: number): string {
  if (Number.isFinite(bound)) return String(bound)
  return bound > 0 ? '+Inf' : '-Inf'
}
