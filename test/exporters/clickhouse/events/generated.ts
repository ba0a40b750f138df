import fc from 'fast-check'
import type { EventMatcher, EventScope, FunnelRequest } from '../../../../core/event-queries/event-store.ts'
import { parseMatchers } from '../../../../core/promql/parser/parse.ts'
import { T } from '../samples.ts'
import type { StoredEvent } from './reference.ts'

export const HOUR_MS = 3_600_000
export const RANGE_MS = 240 * HOUR_MS
const NAMES = ['signup', 'page view', "it's\\", 'checkout']
const ACTORS = Array.from({ length: 60 }, (_, i) => `u${i}`)
const PLANS = ['pro', 'free', "o'\\x\n", '']

/** Many at the same hours, sent again with other attributes, and out of order. */
export const events: fc.Arbitrary<StoredEvent[]> = fc.array(
  fc.record({
    time: fc.integer({ min: 0, max: 239 }).map(hour => T + hour * HOUR_MS),
    name: fc.constantFrom(...NAMES),
    id: fc.integer({ min: 0, max: 40 }).map(String),
    attributes: fc
      .tuple(fc.constantFrom(...ACTORS), fc.constantFrom(...PLANS), fc.constantFrom('DE', 'FR', ''))
      .map(([user_id, plan, country]) =>
        Object.fromEntries(
          Object.entries({ user_id, plan, 'geo.country': country }).filter(([, value]) => value !== '')
        )
      ),
    value: fc.integer({ min: -5, max: 20 })
  }),
  { minLength: 900, maxLength: 900 }
)

const SELECTORS = [
  'signup',
  '{"page view"}',
  '{"it\'s\\\\"}',
  'checkout{plan="pro"}',
  '{__name__=~"signup|checkout", plan!="free"}',
  '{"geo.country"=~"D.*"}',
  '{plan!~"pro|fr.*"}',
  '{plan="o\'\\\\x\\n"}'
]

export const selector: fc.Arbitrary<EventMatcher[]> = fc
  .constantFrom(...SELECTORS)
  .map(text => parseMatchers(text).map(({ name, op, value }) => ({ name, op, value })))

export const scope: fc.Arbitrary<EventScope> = fc.record({
  start: fc.integer({ min: -1, max: 100 }).map(hour => T + hour * HOUR_MS),
  end: fc.integer({ min: 101, max: 250 }).map(hour => T + hour * HOUR_MS),
  matchers: fc.oneof(fc.constant([]), selector)
})

const attribute = fc.constantFrom('plan', 'geo.country', '__name__', 'user_id', 'unknown')

export const groups = fc
  .record({
    scope,
    by: fc.uniqueArray(attribute, { maxLength: 2 }),
    of: fc.constantFrom(undefined, 'user_id', 'plan'),
    stepMs: fc.constantFrom(undefined, 7 * HOUR_MS, 24 * HOUR_MS),
    limit: fc.integer({ min: 1, max: 6 })
  })
  .map(({ scope, ...more }) => ({ ...scope, ...more }))

export const funnel: fc.Arbitrary<FunnelRequest> = fc
  .record({
    scope,
    of: fc.constant('user_id'),
    steps: fc.array(selector, { minLength: 2, maxLength: 4 }),
    windowMs: fc.constantFrom(HOUR_MS, 24 * HOUR_MS, 1000 * HOUR_MS),
    modes: fc.constantFrom<FunnelRequest['modes'][]>([], ['strict_increase']),
    by: fc.constantFrom(undefined, '__name__'),
    limit: fc.constant(100)
  })
  .map(({ scope, ...more }) => ({ ...scope, ...more }))

export const retention = fc
  .record({
    scope,
    of: fc.constant('user_id'),
    cohort: selector,
    returning: selector,
    periodMs: fc.constantFrom(24 * HOUR_MS, 50 * HOUR_MS),
    periods: fc.integer({ min: 1, max: 5 })
  })
  .map(({ scope, ...more }) => ({ ...scope, ...more }))
