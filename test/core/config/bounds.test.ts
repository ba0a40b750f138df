import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseYaml } from '../../../core/config/document.ts'
import { Problems } from '../../../core/config/problems.ts'

/** What is said of a document, and how long it took, ms. */
function parsed(text: string) {
  const problems = new Problems()
  const begun = performance.now()
  const node = parseYaml('weir.yaml', text, {}, problems)
  return { node, said: problems.format(), ms: performance.now() - begun }
}

/** `levels` sequences, each of ten of the one before. */
function aliases(levels: number): string {
  const lines = ['a0: &a0 [1, 2]']
  for (let i = 1; i <= levels; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`
    )
  return lines.join('\n')
}

test('regression: aliases of aliases were written out without bound', () => {
  assert.notEqual(parsed(aliases(3)).node, undefined)
  const { node, said, ms } = parsed(aliases(12))
  assert.equal(node, undefined)
  assert.match(said, /weir\.yaml:6:\d+: error: with aliases written out there are more than 100,000 values up to here/)
  assert.ok(ms < 500, `${ms} ms`)
})

test('a mapping that takes in others counts their entries', () => {
  const keys = Array.from({ length: 200 }, (_, i) => `  k${i}: 1`).join('\n')
  const merges = Array.from({ length: 600 }, (_, i) => `m${i}:\n  <<: *base`).join('\n')
  assert.match(parsed(`base: &base\n${keys}\n${merges}`).said, /more than 100,000 values/)
})

test('time is linear in the size of a document', () => {
  const list = (items: number) => `a:\n${'  - {b: 1}\n'.repeat(items)}`
  parsed(list(8000))
  const best = (items: number) => Math.min(...Array.from({ length: 5 }, () => parsed(list(items)).ms))
  const [one, four] = [best(6000), best(24_000)]
  assert.ok(four < one * 10, `${one} ms for n, ${four} ms for 4 n`)
})

test('nesting has a limit, and values beyond it are reported with their position', () => {
  assert.notEqual(parsed(`a: ${'['.repeat(90)}${']'.repeat(90)}`).node, undefined)
  for (const levels of [150, 3000])
    assert.match(parsed(`a: ${'['.repeat(levels)}${']'.repeat(levels)}`).said, /not YAML: nesting exceeded maxDepth/)
})

test('regression: an unknown alias was reported at 1:1', () => {
  assert.match(parsed('a: 1\nb: *c').said, /weir\.yaml:2:\d: error: there is no anchor &c before this alias/)
})

test('regression: a second document was left out without a word', () => {
  assert.match(parsed('a: 1\n---\nb: 2').said, /weir\.yaml:3:1: error: a second document begins here/)
  assert.match(parsed('---\na: 1\n---\n').said, /error: a second document begins here/)
  assert.equal(parsed('---\na: 1\n...\n').said, '')
})
