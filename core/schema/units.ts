import type { JsonSchema } from './json-schema.ts'

const MILLISECONDS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const BYTES: Record<string, number> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }

export const DURATION_PATTERN = '^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+)$'
export const BYTE_SIZE_PATTERN = '^[0-9]+(\\.[0-9]+)?(B|KiB|MiB|GiB|TiB)$'

/** Schema of a text that the component gets as a number: `duration()` and `byteSize()`. */
export type UnitSchema = JsonSchema & {
  readonly type: 'string'
  readonly 'x-unit': 'duration' | 'bytes'
}

interface UnitOptions extends JsonSchema {
  readonly description: string
  readonly default?: string
}

/** Schema of a duration such as `500ms`, `10s` or `1h30m`; the component gets milliseconds. */
export function duration<const O extends UnitOptions>(options: O): UnitSchema & O {
  const schema = {
    type: 'string',
    pattern: DURATION_PATTERN,
    'x-expected': 'a duration such as 500ms, 10s or 1h30m',
    'x-unit': 'duration',
    ...options
  }
  return schema as JsonSchema as UnitSchema & O
}

/** Schema of a size such as `20MiB`; the component gets bytes. */
export function byteSize<const O extends UnitOptions>(options: O): UnitSchema & O {
  const schema = {
    type: 'string',
    pattern: BYTE_SIZE_PATTERN,
    'x-expected': 'a size such as 64KiB, 20MiB or 1GiB',
    'x-unit': 'bytes',
    ...options
  }
  return schema as JsonSchema as UnitSchema & O
}

/** `1h30m` → 5,400,000, in whole milliseconds. The text matches {@link DURATION_PATTERN}. */
export function parseDuration(text: string): number {
  let ms = 0
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)(ms|s|m|h|d)/g)) ms += Number(amount) * MILLISECONDS[unit]
  return Math.round(ms)
}

/** `20MiB` → 20,971,520. The text matches {@link BYTE_SIZE_PATTERN}. */
export function parseByteSize(text: string): number {
  const [, amount, unit] = /^([0-9.]+)(\w+)$/.exec(text) ?? []
  return Number(amount) * BYTES[unit]
}

/** 5,400,000 → `1h30m`. */
export function formatDuration(ms: number): string {
  let rest = ms
  let text = ''
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const amount = unit === 'ms' ? rest : Math.floor(rest / MILLISECONDS[unit])
    rest -= amount * MILLISECONDS[unit]
    if (amount > 0) text += amount + unit
  }
  return text || '0'
}
