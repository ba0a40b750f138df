export const V8_FLAGS: readonly string[]
export const MALLOC: Readonly<Record<string, string>>
