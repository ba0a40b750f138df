import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metadataOf } from '../../../web/explore/metadata.ts'

const histogram = { type: 'histogram', help: 'How long.' }

for (const [name, want] of [
  ['latency', histogram],
  ['latency_count', { type: 'counter', help: 'How long.' }],
  ['other', {}],
  // The list of metrics once failed by these.
  ['constructor', {}],
  ['constructor_count', {}],
  ['__proto___sum', {}]
] as const)
  test(`metadata of ${name}`, () => assert.deepEqual(metadataOf({ latency: [histogram] }, name), want))
