import type { BinaryExpr, BinaryOp } from '../../ast.ts'
import { add, divide, equal, multiply, subtract } from '../../histogram/arithmetic.ts'
import type { FloatHistogram } from '../../histogram/float-histogram.ts'
import { trimBuckets } from '../../histogram/trim.ts'
import type { QueryRemarks } from '../remarks.ts'

/** A sample of either kind: a histogram if there is one. */
export interface Operand {
  readonly value: number
  readonly histogram: FloatHistogram | undefined
}

/** A binary operator on two samples that are not both floats, or that is for histograms only. */
export class HistogramOperator {
  readonly #expr: BinaryExpr
  readonly #remarks: QueryRemarks
  /** The result; for a comparison, the left operand. */
  histogram: FloatHistogram | undefined

  constructor(expr: BinaryExpr, remarks: QueryRemarks) {
    this.#expr = expr
    this.#remarks = remarks
  }

  /** Whether there is a result. For a comparison: whether it holds. Undefined if there is none for such samples. */
  apply(a: Operand, b: Operand): boolean | undefined {
    const { op } = this.#expr
    this.histogram = undefined
    if (a.histogram !== undefined && b.histogram !== undefined) return this.#ofHistograms(op, a.histogram, b.histogram)
    if (a.histogram !== undefined) return this.#withNumber(op, a.histogram, b.value)
    if (b.histogram === undefined) return this.#incompatible('float', 'float')
    if (op === '*') return this.#take(multiply(b.histogram, a.value))
    return this.#incompatible('float', 'histogram')
  }

  #ofHistograms(op: BinaryOp, a: FloatHistogram, b: FloatHistogram): boolean | undefined {
    switch (op) {
      case '==':
      case '!=':
        this.histogram = a
        return equal(a, b) === (op === '==')
      case '+':
        return this.#combine(a, b, true)
      case '-':
        return this.#combine(a, b, false)
      default:
        return this.#incompatible('histogram', 'histogram')
    }
  }

  #withNumber(op: BinaryOp, histogram: FloatHistogram, number: number): boolean | undefined {
    switch (op) {
      case '*':
        return this.#take(multiply(histogram, number))
      case '/':
        return this.#take(divide(histogram, number))
      case '</':
        return this.#take(trimBuckets(histogram, number, 'below'))
      case '>/':
        return this.#take(trimBuckets(histogram, number, 'above'))
      default:
        return this.#incompatible('histogram', 'float')
    }
  }

  #combine(a: FloatHistogram, b: FloatHistogram, isSum: boolean): boolean | undefined {
    const { op, span } = this.#expr
    const operation = isSum ? 'addition' : 'subtraction'
    const combined = isSum ? add(a, b) : subtract(a, b)
    if (combined === undefined) {
      this.#remarks.warnAt(span, `incompatible bucket layout encountered for binary operator ${op}`)
      return undefined
    }
    if (combined.resetConflict) this.#remarks.warnAt(span, `conflicting counter resets during histogram ${operation}`)
    if (combined.boundsReconciled) this.#remarks.boundsReconciled(span, operation)
    // A difference may be negative.
    return this.#take(isSum ? combined.histogram : { ...combined.histogram, counterReset: 'gauge' })
  }

  #take(histogram: FloatHistogram): true {
    this.histogram = histogram
    return true
  }

  #incompatible(left: string, right: string): undefined {
    const { op, span } = this.#expr
    this.#remarks.infoAt(
      span,
      `incompatible sample types encountered for binary operator ${JSON.stringify(op)}: ${left} ${op} ${right}`
    )
  }
}
