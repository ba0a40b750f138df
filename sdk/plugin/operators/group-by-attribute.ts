import type { GroupedObservable, OperatorFunction, SchedulerLike } from 'rxjs'
import type { Batch } from '../../../core/batch/batch.ts'
import { attributeText, findAttribute } from '../../../core/model/attributes.ts'
import type { Block } from '../../../core/model/block.ts'
import { select } from '../../../core/model/select.ts'
import { debounceTime, groupBy, map, mergeMap } from '../../../core/rxjs.ts'

export interface GroupByAttributeOptions {
  /** A group that was given nothing for so long ends; the next item of its value begins another. Bounds memory. */
  readonly idleMs: number
  /** `context.scheduler`. */
  readonly scheduler: SchedulerLike
}

/**
 * A stream of batches for each value of the attribute `name`, of the item or else of its resource; `''` if it is
 * missing. Batches are split by it. Use it with `mergeMap(group => group.pipe(…))`.
 */
export function groupByAttribute(
  name: string,
  { idleMs, scheduler }: GroupByAttributeOptions
): OperatorFunction<Batch, GroupedObservable<string, Batch>> {
  return source =>
    source.pipe(
      mergeMap(batch => partsBy(name, batch)),
      groupBy(({ value }) => value, {
        element: ({ part }) => part,
        duration: group => group.pipe(debounceTime(idleMs, scheduler))
      }),
      map(group => group)
    )
}

function partsBy(name: string, batch: Batch): { readonly value: string; readonly part: Batch }[] {
  const { block } = batch
  const rows = new Map<string, number[]>()
  for (let i = 0; i < block.length; i++) {
    const value = attributeAt(block, i, name)
    const known = rows.get(value)
    if (known === undefined) rows.set(value, [i])
    else known.push(i)
  }
  const values = [...rows.keys()]
  if (values.length === 1) return [{ value: values[0], part: batch }]
  const parts = batch.split([...rows.values()].map(indexes => select(block, Int32Array.from(indexes))))
  return parts.map((part, i) => ({ value: values[i], part }))
}

function attributeAt(block: Block, i: number, name: string): string {
  if (block.type === 'events') return attributeText(findAttribute(block.attributes[i], name) ?? '')
  const { attributes, resource } = block.series.at(i)
  return attributeText(findAttribute(attributes, name) ?? findAttribute(resource.attributes, name) ?? '')
}
