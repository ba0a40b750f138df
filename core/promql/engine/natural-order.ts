/** Compares texts so that numbers in them go by their value: `4m5` comes before `4m600`. */
export function compareNaturally(a: string, b: string): number {
  const left = chunksOf(a)
  const right = chunksOf(b)
  for (let i = 0; i < left.length && i < right.length; i++) {
    const order = compareChunks(left[i]!, right[i]!)
    if (order !== 0) return order
  }
  return left.length - right.length || compareTexts(a, b)
}

/** Digits and other characters, in turn. */
function chunksOf(text: string): string[] {
  return text.match(/\d+|\D+/g) ?? []
}

function compareChunks(a: string, b: string): number {
  const [left, right] = [digitsOf(a), digitsOf(b)]
  if (left === undefined || right === undefined) return compareTexts(a, b)
  return left.length - right.length || compareTexts(left, right)
}

/** Without leading zeros, so that the longer number is the larger one. Undefined if the chunk is no number. */
function digitsOf(chunk: string): string | undefined {
  return /^\d/.test(chunk) ? chunk.replace(/^0+(?=\d)/, '') : undefined
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
