/** Hues that are far from each other, so that neighbours differ, in degrees. */
const HUES = [214, 28, 152, 340, 268, 48, 190, 8, 98, 300, 232, 172]

/** The color of the nth line: readable on light and dark ground. */
export function lineColor(index: number): string {
  const hue = HUES[index % HUES.length]
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches
  // Each round of hues is a little paler.
  const round = Math.min(2, Math.floor(index / HUES.length))
  return isDark
    ? `hsl(${hue} ${75 - 15 * round}% ${64 + 6 * round}%)`
    : `hsl(${hue} ${72 - 15 * round}% ${42 + 8 * round}%)`
}

/** A color of the style sheet: `--line`. */
export const themeColor = (name: string) => {
  const probe = document.createElement('i')
  probe.style.color = `var(${name})`
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
