export type Fold = 'sum' | 'min' | 'max'

const FOLDS: Readonly<Record<Fold, readonly [identity: number, fold: (a: number, b: number) => number]>> = {
  sum: [0, (a, b) => a + b],
  min: [Number.POSITIVE_INFINITY, Math.min],
  max: [Number.NEGATIVE_INFINITY, Math.max]
}

/** Up to so many values, folding them one after the other is faster. */
const FEW = 4

/** The value that changes none that it is folded with. */
export const identityOf = (fold: Fold): number => FOLDS[fold][0]

export const joinOf = (fold: Fold): ((a: number, b: number) => number) => FOLDS[fold][1]

/**
 * Folds of each `width` values side by side: the first begins at 0, the next ones `stride` further each. Takes time linear
 * in the values, whatever the width: a window is the end of one block of `width` values and the beginning of the next.
 */
export function slidingFolds(values: Float64Array, width: number, stride: number, fold: Fold): Float64Array {
  const [identity, join] = FOLDS[fold]
  const count = Math.floor((values.length - width) / stride) + 1
  if (width <= FEW) return directFolds(values, width, stride, count, join)
  const fromBegin = new Float64Array(values.length)
  const toEnd = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) fromBegin[i] = i % width === 0 ? values[i] : join(fromBegin[i - 1], values[i])
  for (let i = values.length - 1; i >= 0; i--)
    toEnd[i] = (i + 1) % width === 0 || i === values.length - 1 ? values[i] : join(values[i], toEnd[i + 1])
  const folds = new Float64Array(count)
  for (let n = 0; n < count; n++) {
    const from = n * stride
    folds[n] = join(from % width === 0 ? identity : toEnd[from], fromBegin[from + width - 1])
  }
  return folds
}

function directFolds(
  values: Float64Array,
  width: number,
  stride: number,
  count: number,
  join: (a: number, b: number) => number
): Float64Array {
  if (width === 1 && stride === 1) return values.subarray(0, count)
  const folds = new Float64Array(count)
  for (let n = 0; n < count; n++) {
    const from = n * stride
    let fold = values[from]
    for (let i = from + 1; i < from + width; i++) fold = join(fold, values[i])
    folds[n] = fold
  }
  return folds
}
