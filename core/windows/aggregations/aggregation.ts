export const AGGREGATIONS = ['count', 'sum', 'min', 'max', 'avg', 'last', 'unique', 'quantiles', 'histogram'] as const
export type Aggregation = (typeof AGGREGATIONS)[number]

/** Those that can go on over all windows; of the others there is no total that only grows. */
export const CUMULATIVE_AGGREGATIONS: readonly Aggregation[] = ['count', 'sum', 'histogram']
