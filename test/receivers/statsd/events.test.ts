import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { readEvent } from '../../../receivers/statsd/events.ts'
import { StatsdParser } from '../../../receivers/statsd/parser.ts'
import { attributeText, DEFAULT_LIMITS, findAttribute, PointBlockBuilder } from '../../../sdk/plugin/index.ts'

const NOW = 1_700_000_000_000

function told(line: string): string | undefined {
  const event = readEvent(Buffer.from(line).toString('latin1'), NOW, DEFAULT_LIMITS)
  if (event === undefined || typeof event === 'string') return event
  const attributes = event.attributes.map(([key, value]) => `${key.replace('dogstatsd.', '')}=${attributeText(value)}`)
  const kind = findAttribute(event.attributes, 'dogstatsd.status') === undefined ? 'event' : 'service_check'
  return `${kind} ${event.name} @${event.time - NOW} ${attributes.join()}`
}

test('reads events and service checks', () => {
  const cases: [string, string][] = [
    ['_e{6,2}:deploy|v2', 'event deploy @0 text=v2'],
    ['_e{6,0}:deploy|', 'event deploy @0 '],
    ['_e{3,3}:a|b|c|d', 'event a|b @0 text=c|d'],
    ['_e{10,4}:выкат|да|#a:b', 'event выкат @0 a=b,text=да'],
    ['_e{1,4}:t|a\\nb', 'event t @0 text=a\nb'],
    [
      '_e{1,1}:t|x|d:1700000001|h:web|k:key|p:low|s:app|t:error|#team:a|c:ci-1|e:cn-x',
      'event t @1000 aggregation_key=key,alert_type=error,priority=low,source_type=app,text=x,container.id=1,host.name=web,k8s.container.name=x,team=a'
    ],
    ['_e{6,3}:deploy|v2', 'invalid_event'],
    ['_e{6,1}:deploy|v2', 'invalid_event'],
    ['_e{0,1}:|x', 'invalid_event'],
    ['_e{1}:t|x', 'invalid_event'],
    ['_e{1,1}:t|x|d:soon', 'invalid_timestamp'],
    ['_sc|db|0', 'service_check db @0 status=ok'],
    [
      '_sc|db|2|d:1700000001|h:web|#a:b|m:down|#since:1',
      'service_check db @1000 message=down|#since:1,status=critical,host.name=web,a=b'
    ],
    ['_sc|db|4', 'invalid_service_check'],
    ['_sc||1', 'invalid_service_check'],
    ['_sc|db', 'invalid_service_check'],
    [`_e{${'9'.repeat(400)},1}:t|x`, 'invalid_event'],
    [`_e{2000,0}:${'t'.repeat(2000)}|`, 'name_too_long']
  ]
  for (const [line, want] of cases) {
    const sorted = (text: string | undefined) => text?.replace(/[^ ]*$/, list => list.split(',').sort().join())
    assert.equal(sorted(told(line)), sorted(want), line)
  }
  assert.equal(told('_events:1|c'), undefined)
})

test('any line is read or refused', () => {
  const start = fc.constantFrom('_e{', '_e{1,1}:', '_e{3,2}:ab|', '_sc|', '_sc|a|1', '_sc|a|1|m:')
  fc.assert(fc.property(start, fc.string({ maxLength: 30 }), (start, rest) => assert.ok(told(start + rest) !== '')))
})

test('a parser adds events to a block of their own', () => {
  const events = new EventBlockBuilder()
  const points = new PointBlockBuilder()
  new StatsdParser(new SeriesTable(), 10, assert.fail).parse(
    Buffer.from('_e{1,1}:t|x\nhits:1|c\n_sc|db|0'),
    NOW,
    points,
    events
  )
  assert.deepEqual(events.build().name, ['t', 'db'])
  assert.equal(points.length, 1)
})
