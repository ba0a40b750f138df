import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CatalogRequest, EventStore, LatestEvent } from '../../../core/event-queries/event-store.ts'
import { parse } from '../../../core/promql/parser/parse.ts'
import { exemplarsAnswer } from '../../../core/queries/exemplar-answers.ts'

const T = 1_700_000_000_000

test('the tenant of an exemplar is a label of its series, as in other answers, whatever its sender says', async () => {
  const attributes = { 'series.__name__': 'up', 'series.weir_tenant': 'other', trace_id: 't', 'weir.tenant': 'acme' }
  const event: LatestEvent = { timeMs: T, name: 'exemplar', id: undefined, key: 'k', value: 1, attributes }
  const asked: CatalogRequest[] = []
  const store: Pick<EventStore, 'latest'> = {
    async latest(request) {
      asked.push(request)
      return [event]
    }
  }
  const question = { expr: parse('up{weir_tenant="acme"}'), start: T, end: T }
  const { signal } = new AbortController()
  const answer = await exemplarsAnswer(store as EventStore, question, [['weir.tenant', 'acme']], signal)
  assert.deepEqual(answer, [
    {
      seriesLabels: { __name__: 'up', weir_tenant: 'acme' },
      exemplars: [{ labels: { trace_id: 't' }, value: '1', timestamp: T / 1000 }]
    }
  ])
  assert.deepEqual(
    asked[0].matchers.map(({ name, value }) => [name, value]),
    [
      ['__name__', 'exemplar'],
      ['weir.tenant', 'acme'],
      ['series.__name__', 'up'],
      ['weir.tenant', 'acme']
    ]
  )
})
