/** The part of a query's text that something was read from, in UTF-16 units; `to` is excluded. */
export interface Span {
  readonly from: number
  readonly to: number
}
