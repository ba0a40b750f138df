import type { KeyValue } from './identity.ts'

/**
 * The JSON of two requests with half of the items each.
 * @param json an OTLP request
 * @param items in it, two at least
 * @param identity attributes that take the place of those with the same keys in the second half
 */
export function halves(json: string, items: number, identity: readonly KeyValue[]): readonly [string, string] {
  const middle = Math.ceil(items / 2)
  return [part(json, 0, middle, []), part(json, middle, items, identity)]
}

/** The items from one place up to another, with all that is around them. */
function part(json: string, from: number, to: number, identity: readonly KeyValue[]): string {
  let at = -1
  // A reviver sees the fields of a text in their order. Keys of attributes are no names of fields.
  const request = JSON.parse(json, (field, value) => {
    if (field === 'dataPoints' || field === 'logRecords') return value.filter(() => ++at >= from && at < to)
    if (field === 'metrics') return value.filter(hasPoints)
    return identity.find(({ key }) => key === value?.key) ?? value
  })
  return JSON.stringify(request)
}

const hasPoints = (metric: object) => Object.values(metric).some(data => data.dataPoints?.length > 0)
