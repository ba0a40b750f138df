import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SeriesUse } from '../../../../core/plugin/stores.ts'
import type { QueryRequest } from '../../../../core/queries/requests.ts'
import { UseNotes } from '../../../../core/queries/uses/use-notes.ts'
import { testContext } from '../../../../sdk/plugin/test-context.ts'

const DAY_MS = 86_400_000
const options = { limit: 0, lookbackMs: undefined, stats: false }
const range = { start: 0, end: 1, limit: 0 }
const query = (text: string): QueryRequest => ({ kind: 'query', text, time: 0, options })

function notes() {
  const context = testContext()
  const noted: SeriesUse[] = []
  const stores = { ...context.stores, noteUses: (uses: readonly SeriesUse[]) => void noted.push(...uses) }
  return { notes: new UseNotes({ clock: context.clock, stores } as never, 'query'), noted, clock: context.clock }
}

test('questions of all kinds are noted', () => {
  for (const [request, want] of [
    [query('sum by (a) (m)'), [{ metric: 'm', labels: ['a'] }]],
    [
      { kind: 'query_range', text: 'm', start: 0, end: 1, stepMs: 1, options },
      [{ metric: 'm', labels: [], allExcept: [] }]
    ],
    [{ kind: 'series', matches: ['m{a="1"}'], ...range }, [{ metric: 'm', labels: ['a'], allExcept: [] }]],
    [{ kind: 'labels', matches: ['m{a="1"}'], ...range }, [{ metric: 'm', labels: ['a'] }]],
    [{ kind: 'label_values', label: 'b', matches: ['m{a="1"}'], ...range }, [{ metric: 'm', labels: ['a', 'b'] }]],
    [{ kind: 'label_values', label: 'b', matches: [], ...range }, [{ metric: undefined, labels: ['b'] }]],
    [{ kind: 'label_values', label: '__name__', matches: [], ...range }, []],
    [{ kind: 'metadata', metric: undefined, limit: 0 }, []],
    [{ kind: 'parse_query', text: 'm' }, []],
    [query('m{'), []],
    [query(`m{a="${'x'.repeat(30_000)}"}`), [{ metric: undefined, labels: [], allExcept: [] }]]
  ] as const) {
    const { notes: one, noted } = notes()
    one.note(request as QueryRequest)
    assert.deepEqual(noted, want, JSON.stringify(request).slice(0, 80))
  }
})

test('a text is noted once a day', () => {
  const { notes: one, noted, clock } = notes()
  for (let i = 0; i < 3; i++) one.note(query('m'))
  assert.equal(noted.length, 1)
  clock.advance(DAY_MS)
  one.note(query('m'))
  assert.equal(noted.length, 2)
})
