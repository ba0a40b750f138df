import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attributes } from '../../../core/model/attributes.ts'
import { TENANT } from '../../../core/model/tenant.ts'
import { Account } from '../../../core/telemetry/account.ts'
import { TenantAccount } from '../../../core/telemetry/tenant-account.ts'
import { TenantShares } from '../../../core/telemetry/tenant-shares.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { pointsOf } from '../../processor-under-test.ts'

const context = testContext()
const block = (...tenants: string[]) =>
  pointsOf(
    context,
    tenants.map(tenant => ({
      name: 'm',
      resource: (tenant === '' ? {} : { [TENANT]: tenant }) as Record<string, string>
    })),
    0,
    {}
  )
const books = (account: TenantAccount) =>
  Object.fromEntries(
    [...account.tenants].map(([tenant, { received, sent, dropped }]) => [tenant, [received, sent, ...dropped]])
  )

test('what is booked while items of a tenant are at hand is its own, inside of another too', () => {
  const account = new TenantAccount(new TenantShares(context.series))
  account.during(block('a', 'a'), () => {
    account.received += 2
    account.during(block('b'), () => account.drop('late'))
    account.sent++
  })
  account.received++
  assert.deepEqual(books(account), { a: [2, 1], b: [0, 0, ['late', 1]], '': [1, 0] })
  assert.equal(account.received, 3)
})

test('items of several tenants are booked by their numbers, and those of some ranges', () => {
  const account = new TenantAccount(new TenantShares(context.series))
  const mixed = block('a', 'b', 'a', '')
  account.book(mixed, items => {
    account.received += items
  })
  account.book(mixed, items => account.drop('rejected', items), [{ from: 1, to: 3 }])
  assert.deepEqual(books(account), { a: [2, 0, ['rejected', 1]], b: [1, 0, ['rejected', 1]], '': [1, 0] })
  const whole = new Account()
  whole.book(mixed, items => whole.drop('rejected', items), [{ from: 1, to: 3 }])
  assert.equal(whole.droppedTotal, 2)
})

test('numbers booked for items of several tenants are nobody’s', () => {
  const account = new TenantAccount(new TenantShares(context.series))
  account.during(block('a', 'b'), () => account.received++)
  assert.deepEqual(books(account), { '': [1, 0] })
})

test('items without a tenant that are made of those of a tenant are its own', () => {
  const account = new TenantAccount(new TenantShares(context.series))
  account.during(block('a'), () => {
    account.received++
    account.book(block(''), items => {
      account.sent += items
    })
  })
  assert.deepEqual(books(account), { a: [1, 1] })
})

test('names without end, which processors may write, do not fill memory', () => {
  const shares = new TenantShares(context.series)
  const events = Array.from({ length: 10_000 }, (_, i): Attributes => [[TENANT, `t${i}`]])
  const { length } = events
  const empty = { time: new Float64Array(length), value: new Float64Array(length), name: [], id: [] }
  const counted = shares.of({ type: 'events', length, attributes: events, ...empty })
  assert.ok(counted.size <= 8192, `${counted.size} tenants`)
  assert.equal(
    [...counted.values()].reduce((sum, items) => sum + items, 0),
    length
  )
})

test('the tenant at hand is the one of before after a throw', () => {
  const account = new TenantAccount(new TenantShares(context.series))
  const work = () => {
    account.received++
    throw new Error('x')
  }
  assert.throws(() => account.during(block('a'), work))
  account.sent++
  assert.deepEqual(books(account), { a: [1, 0], '': [0, 1] })
})

test('a block of several tenants is cut into one of each', () => {
  const account = new TenantAccount(new TenantShares(context.series))
  assert.equal(account.parts(block('a', 'a')), undefined)
  assert.equal(account.parts(block()), undefined)
  const lengths = account.parts(block('a', 'b', 'a'))!.map(({ length }) => length)
  assert.deepEqual(lengths, [2, 1])
})

test('reports have the tenants that changed, and add up in another account', () => {
  const [worker, main] = [
    new TenantAccount(new TenantShares(context.series)),
    new TenantAccount(new TenantShares(context.series))
  ]
  const nothing = new Account().figures
  worker.during(block('a'), () => worker.received++)
  const first = worker.report()
  main.add(nothing, first)
  worker.during(block('b'), () => worker.drop('late'))
  const second = worker.report()
  assert.deepEqual([...second.tenants!.keys()], ['b'])
  main.add(first, second)
  assert.deepEqual(books(main), { a: [1, 0], b: [0, 0, ['late', 1]] })
  assert.deepEqual(main.dropped, new Map([['late', 1]]))
})
