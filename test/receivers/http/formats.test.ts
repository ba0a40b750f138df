import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BodyForm, readEvents } from '../../../receivers/http/events.ts'
import { FORMATS, type FormatName } from '../../../receivers/http/formats/index.ts'
import { JSON_TYPE, running } from './harness.ts'

const NOW = 1_700_000_000_000
const TIME = '2026-01-31T12:00:00.500Z'
const AT = Date.parse(TIME)

function read(format: FormatName, json: unknown, form: BodyForm = 'json') {
  const text = typeof json === 'string' ? json : JSON.stringify(json)
  const { block, rejected, errors } = readEvents(form, Buffer.from(text), NOW, { format: FORMATS[format] })
  const events = block.name.map((name, i) => ({
    name,
    id: block.id[i],
    time: block.time[i],
    attributes: Object.fromEntries(block.attributes[i])
  }))
  return { events, rejected: Object.fromEntries(rejected), errors }
}

test('attributes keep their types, lists and objects too; a null is left out', () => {
  const attributes = { s: 'a', i: 3, d: 0.5, b: false, list: [1, 'x', [null]], map: { k: { deep: true } } }
  const { events } = read('weir', { name: 'a', attributes: { ...attributes, none: null } })
  assert.deepEqual(events[0].attributes, attributes)
})

test('Segment’s messages are events', () => {
  const who = { userId: 'u-1', anonymousId: 'a-1' }
  const { events, rejected } = read('segment', {
    batch: [
      {
        type: 'track',
        event: 'Order Completed',
        messageId: 'm-1',
        timestamp: TIME,
        ...who,
        properties: { total: 9.5 }
      },
      { type: 'page', name: 'Home', ...who, properties: { path: '/' }, context: { ip: '192.0.2.1' } },
      { type: 'identify', userId: 'u-1', traits: { plan: 'pro', userId: 'other' } },
      { type: 'alias', userId: 'u-2', previousId: 'a-1', properties: null }
    ],
    sentAt: TIME
  })
  assert.deepEqual(rejected, {})
  assert.deepEqual(events, [
    { name: 'Order Completed', id: 'm-1', time: AT, attributes: { ...who, total: 9.5 } },
    {
      name: 'page',
      id: undefined,
      time: NOW,
      attributes: { ...who, context: { ip: '192.0.2.1' }, name: 'Home', path: '/' }
    },
    { name: 'identify', id: undefined, time: NOW, attributes: { plan: 'pro', userId: 'u-1' } },
    { name: 'alias', id: undefined, time: NOW, attributes: { previousId: 'a-1', userId: 'u-2' } }
  ])
  assert.equal(read('segment', { type: 'track', event: 'a' }).events.length, 1)
  assert.equal(read('segment', '{"type":"track","event":"a"}\n{"type":"track","event":"b"}', 'ndjson').events.length, 2)
  for (const [message, reason] of [
    [{ type: 'click' }, 'bad_type'],
    [{ type: 'track' }, 'bad_name'],
    [{ type: 'track', event: 'a', messageId: 7 }, 'bad_id'],
    [{ type: 'track', event: 'a', timestamp: 'now' }, 'bad_timestamp'],
    [{ type: 'track', event: 'a', properties: 'x' }, 'bad_attributes'],
    [7, 'malformed']
  ] as const)
    assert.deepEqual(read('segment', [message]).rejected, { [reason]: 1 }, JSON.stringify(message))
})

test('CloudEvents are events', () => {
  const event = { specversion: '1.0', id: '1', source: '/shop', type: 'com.example.order', time: TIME }
  const data = { total: 9.5, items: [{ sku: 'x' }] }
  const { events } = read('cloudevents', [
    { ...event, subject: 'o-1', partition: 3, data },
    { ...event, time: null }
  ])
  assert.deepEqual(events, [
    {
      name: 'com.example.order',
      id: '/shop#1',
      time: AT,
      attributes: { source: '/shop', subject: 'o-1', partition: 3, data }
    },
    { name: 'com.example.order', id: '/shop#1', time: NOW, attributes: { source: '/shop' } }
  ])
  for (const [change, reason] of [
    [{ specversion: '0.3' }, 'bad_specversion'],
    [{ id: '' }, 'bad_id'],
    [{ source: undefined }, 'bad_id'],
    [{ type: 5 }, 'bad_name'],
    [{ time: 'soon' }, 'bad_timestamp']
  ] as const)
    assert.deepEqual(read('cloudevents', { ...event, ...change }).rejected, { [reason]: 1 }, JSON.stringify(change))
})

test('each format has its content types', async t => {
  const event = { specversion: '1.0', id: '1', source: 's', type: 't' }
  const { post, blocks } = await running(t, { format: 'cloudevents' })
  assert.equal((await post(event, 'application/cloudevents+json; charset=utf-8')).status, 200)
  assert.equal((await post([event, event], 'application/cloudevents-batch+json')).answer.accepted, 2)
  assert.equal((await post(event, JSON_TYPE)).status, 415)
  assert.equal(blocks.length, 2)
})
