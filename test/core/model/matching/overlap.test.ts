import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MatchConfig } from '../../../../core/model/matching/config.ts'
import { overlap } from '../../../../core/model/matching/overlap.ts'

const of = (a: unknown) => ({ attributes: { a } }) as MatchConfig

for (const [a, b, want] of [
  [{ name: 'x' }, { name: 'y' }, false],
  [{ name: 'x' }, { name: ['y', 'x'] }, true],
  [{ name: 'http.*' }, { name: 'http.requests' }, true],
  [{ name: 'http.*' }, { name: '*.duration' }, true],
  [{ name: 'http.*' }, { name: 'db.*' }, false],
  [{ name: 'http.*' }, { kind: 'counter' }, true],
  [{ name: 'http.*', kind: 'gauge' }, { name: 'http.*', kind: ['counter', 'set'] }, false],
  [{ temporality: 'delta' }, { temporality: 'cumulative' }, false],
  [{ name: { regex: '^http' } }, { name: 'http.requests' }, true],
  [{ name: { regex: '^http' } }, { name: 'db' }, false],
  [{ name: { regex: '^http' } }, { name: { regex: '^http' } }, true],
  [{ name: { not: 'a' } }, { name: ['a', 'b'] }, true],
  [{ name: { not: 'a' } }, { name: 'a' }, false],
  [[{ name: 'x' }, { name: 'y' }], [{ name: 'z' }, { name: 'y' }], true],
  [of('prod'), of('staging'), false],
  [of('prod'), { attributes: { b: 'staging' } }, true],
  [of(7), of('7'), true],
  [of({ exists: true }), of({ exists: false }), false],
  [of({ exists: true }), of({ not: 'x' }), true],
  [of({ exists: false }), of({ not: 'x' }), true],
  [of({ gte: 500, lt: 600 }), of({ gte: 400, lt: 500 }), false],
  [of({ gte: 500 }), of({ lt: 501 }), true],
  [of({ gt: 500 }), of('503'), true]
] as const) {
  test(`${JSON.stringify(a)} and ${JSON.stringify(b)} ${want ? 'meet' : 'do not meet'}`, () => {
    assert.equal(overlap(a as MatchConfig, b as MatchConfig), want)
    assert.equal(overlap(b as MatchConfig, a as MatchConfig), want)
  })
}
