import type { YamlNode } from '../config/document.ts'
import type { Problems } from '../config/problems.ts'
import { DURATION_PATTERN, formatDuration, parseDuration } from '../schema/units.ts'

/** A time since the start of a test matches it. */
export const OFFSET_PATTERN = `^-?${DURATION_PATTERN.slice(1, -1)}$`

const REFERENCE = /\$\{(ns|ms|s|iso):([^}]*)\}/g
/** Alone in its text. */
const ONE_NUMBER = /^\$\{m?s:[^}]*\}$/
const OFFSET = new RegExp(OFFSET_PATTERN)

/** `-1m30s` → -90,000. The text matches {@link OFFSET_PATTERN}. */
export function parseOffset(text: string): number {
  return text.startsWith('-') ? -parseDuration(text.slice(1)) : parseDuration(text)
}

/** -90,000 → `-1m30s`. Parts of a ms are kept. */
export function formatOffset(ms: number): string {
  if (ms === 0) return '0s'
  const size = Math.abs(ms)
  const text = Number.isInteger(size) ? formatDuration(size) : `${size}ms`
  return ms < 0 ? `-${text}` : text
}

/**
 * The value of an input. Times since `start` (Unix ms) are filled in: `${s:10s}`, `${ms:10s}` and `${ns:-1m}` in Unix time,
 * `${iso:0s}` as `2026-01-01T00:00:00.000Z`. A text that is one reference to s or ms becomes a number.
 */
export function valueWithTimes(node: YamlNode, start: number, problems: Problems): unknown {
  if (node.type === 'sequence') return node.items.map(item => valueWithTimes(item, start, problems))
  if (node.type === 'mapping')
    return Object.fromEntries([...node.entries].map(([key, { node }]) => [key, valueWithTimes(node, start, problems)]))
  if (typeof node.value !== 'string') return node.value
  const filled = node.value.replace(REFERENCE, (whole, unit: string, offset: string) => {
    if (OFFSET.test(offset)) return inUnit(unit, start + parseOffset(offset))
    const right = `write it as \${${unit}:10s} or \${${unit}:-5m}`
    problems.error(node.position, `"${whole}" is no time since the start of the test: ${right}`)
    return whole
  })
  return ONE_NUMBER.test(node.value) && filled !== node.value ? Number(filled) : filled
}

function inUnit(unit: string, time: number): string {
  if (unit === 'iso') return new Date(time).toISOString()
  if (unit === 'ns') return String(BigInt(time) * 1_000_000n)
  return String(unit === 's' ? time / 1000 : time)
}
