import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type AttributeValue, sortAttributes } from '../../../../core/model/attributes.ts'
import { type Metric, NO_SCOPE } from '../../../../core/model/series.ts'
import { type Series, SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import { IdentityTable } from '../../../../core/windows/groups/identity-table.ts'

const METRIC: Metric = { name: 'requests', unit: '', description: '', kind: 'counter', temporality: 'delta' }

const text = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.constantFrom('', 'é', '数', 'a'.repeat(255), 'a'.repeat(256), `${'a'.repeat(300)}é`)
)
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  text,
  fc.constantFrom(0, -0, 1, 1.5, Number.NaN, true, false, null, 1n, 2n ** 80n),
  fc.constantFrom<AttributeValue>(['a', 1], { a: ['b'] }, Uint8Array.of(1, 2), Buffer.from([1, 2]))
)
const attributes = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'ab', 'a\0b'), value), { maxLength: 3 })
  .map(sortAttributes)
const identity = fc.record({
  metric: fc.constantFrom(METRIC, { ...METRIC, name: 'errors' }),
  attributes,
  resource: fc
    .array(fc.tuple(fc.constant('host'), text), { maxLength: 1 })
    .map(pairs => ({ attributes: pairs, schemaUrl: '' })),
  scope: fc.constant(NO_SCOPE)
})

describe('IdentityTable', () => {
  it('tells apart the same attribute sets as series do, through removals and restarts', () => {
    const step = fc.oneof(identity, fc.constant('restart' as const), fc.nat(30))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const registry = new SeriesTable()
        let identities = new IdentityTable()
        const slots = new Map<Series, number>()
        for (const step of steps) {
          if (step === 'restart') identities = restarted(identities)
          else if (typeof step === 'number') remove(identities, slots, step)
          else add(identities, slots, registry.intern(step.metric, step.attributes, step.resource, step.scope))
        }
        assert.equal(identities.size, slots.size)
        for (const [series, slot] of slots) {
          assert.equal(identities.find(series), slot)
          const { metric, attributes, resource, scope } = identities.at(slot)
          assert.equal(registry.intern(metric, attributes, resource, scope), series)
        }
      }),
      { numRuns: 300 }
    )
  })

  it('returns the memory of evicted entries', () => {
    const identities = new IdentityTable()
    for (let round = 0; round < 20; round++) {
      const slots = Array.from({ length: 5000 }, (_, i) =>
        identities.add({
          ...identityOf(`host-${round}-${i}`),
          resource: { attributes: [['pod', `${round}`]], schemaUrl: '' }
        })
      )
      identities.remove(slots)
    }
    assert.equal(identities.size, 0)
    assert.ok(identities.length <= 5000, 'slots are used again')
    assert.ok(identities.bytes < 1_500_000, `${identities.bytes} bytes`)
    assert.ok(runThrough(identities.save()).resources.users.length <= 2, 'shared parts go with their last user')
  })
})

const identityOf = (host: string) => ({
  metric: METRIC,
  attributes: [['host', host]] as const,
  resource: { attributes: [], schemaUrl: '' },
  scope: NO_SCOPE
})

function restarted(identities: IdentityTable): IdentityTable {
  const fresh = new IdentityTable()
  fresh.restore(structuredClone(runThrough(identities.save())))
  return fresh
}

function add(identities: IdentityTable, slots: Map<Series, number>, series: Series): void {
  const known = slots.get(series)
  assert.equal(identities.find(series), known ?? -1)
  if (known === undefined) slots.set(series, identities.add(series))
}

function remove(identities: IdentityTable, slots: Map<Series, number>, n: number): void {
  const gone = [...slots].filter((_, i) => i % 31 === n)
  identities.remove(gone.map(([, slot]) => slot))
  for (const [series] of gone) slots.delete(series)
}
