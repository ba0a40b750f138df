import assert from 'node:assert/strict'
import { test } from 'node:test'
import { legendText } from '../../../web/panels/legend-text.ts'

for (const [name, template, want] of [
  ['without a template', undefined, 'up{plan="<pro>"}'],
  ['of a label', '{{ plan }} in {{country}}', '<pro> in '],
  ['of a label that all objects seem to have', '{{plan}} {{constructor}}{{__proto__}}', '<pro> '],
  ['of absent labels alone', '{{toString}}', 'up{plan="<pro>"}']
] as const)
  test(`a legend ${name}`, () => assert.equal(legendText({ __name__: 'up', plan: '<pro>' }, template), want))
