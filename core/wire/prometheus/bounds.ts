/** A bucket's bound in a label, with infinities as Prometheus spells them. */
export function boundText(bound: number): string {
  if (Number.isFinite(bound)) return String(bound)
  return bound > 0 ? '+Inf' : '-Inf'
}

/** Bounds with a point, as OpenMetrics wants them: so they are one label value in every format. */
export const floatText = (bound: number) =>
  Number.isInteger(bound) && Math.abs(bound) < 1e15 ? `${bound}.0` : boundText(bound)
