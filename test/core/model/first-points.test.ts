import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FIRST_POINTS_BYTES, FirstPoints } from '../../../core/model/first-points.ts'
import { openState, sealState } from '../../../core/model/saved-state.ts'
import type { Resource } from '../../../core/model/series.ts'

const SINCE = 100
const NOW = 1_000_000
/** More than are kept. */
const MANY = 40_000

/** A new object each time, as when its series had gone in between. */
const process = (id: number | string): Resource => ({ attributes: [['service.instance.id', id]], schemaUrl: '' })

function restarted(points: FirstPoints): FirstPoints {
  const fresh = new FirstPoints(NOW)
  fresh.restore(openState(1, sealState(1, points.save())) as ReturnType<FirstPoints['save']>)
  return fresh
}

describe('the first point of a writer', () => {
  const CASES: [string, start: number, time: number, want: boolean][] = [
    ['began when somebody looked', SINCE, SINCE + 1, true],
    ['began before that', SINCE - 1, SINCE + 1, false],
    ['has no start', 0, SINCE + 1, false],
    ['starts at its own time', SINCE + 1, SINCE + 1, false],
    ['starts after its own time', SINCE + 2, SINCE + 1, false]
  ]
  for (const [name, start, time, want] of CASES)
    it(`that ${name} adds ${want ? 'all' : 'nothing'}`, () => {
      assert.equal(new FirstPoints(SINCE).addsAll(process('a'), start, time), want)
    })

  it('adds nothing if a writer of the same process was discarded that began then or later', () => {
    const points = new FirstPoints(SINCE)
    points.addDiscarded(process('a'), 200, NOW)
    points.addDiscarded(process('a'), 150, NOW)
    const added = [199, 200, 201].map(start => points.addsAll(process('a'), start, NOW))
    assert.deepEqual(added, [false, false, true])
  })

  it('adds all whatever was discarded of other processes', () => {
    const points = new FirstPoints(SINCE)
    points.addDiscarded(process('1'), 200, NOW)
    assert.deepEqual(
      [process('2'), process(1)].map(other => points.addsAll(other, 150, NOW)),
      [true, true]
    )
  })

  it('adds all if the discarded writer says that it began in the future', () => {
    const points = new FirstPoints(SINCE)
    points.addDiscarded(process('a'), NOW * 2, 300)
    assert.deepEqual(
      [300, 301].map(start => points.addsAll(process('a'), start, NOW)),
      [false, true]
    )
  })

  it('of a state without discarded writers goes by its time alone', () => {
    const points = new FirstPoints(NOW)
    points.restore({ since: SINCE })
    assert.deepEqual(
      [99, 100].map(start => points.addsAll(process('a'), start, NOW)),
      [false, true]
    )
  })
})

describe('discarded writers of very many processes', () => {
  const startOf = (id: number) => 200 + ((id * 7919) % MANY)
  const points = new FirstPoints(SINCE)
  let mostBytes = 0
  for (let id = 0; id < MANY; id++) {
    points.addDiscarded(process(id), startOf(id), NOW)
    mostBytes = Math.max(mostBytes, points.bytes)
  }

  it('are never counted twice', () => {
    for (const one of [points, restarted(points)])
      for (let id = 0; id < MANY; id++) assert.ok(!one.addsAll(process(id), startOf(id), NOW), `process ${id}`)
  })

  it('make processes doubtful that began before the youngest 10,000 to 12,500 of them', () => {
    const of = (place: number) => points.addsAll(process('other'), 200 + MANY - place, NOW)
    assert.deepEqual([12_501, 10_000].map(of), [false, true])
  })

  it('take bounded memory', () => {
    assert.equal(mostBytes, FIRST_POINTS_BYTES)
  })

  it('that began at one time go together', () => {
    const points = new FirstPoints(SINCE)
    for (let id = 0; id < MANY; id++) {
      points.addDiscarded(process(id), 200, NOW)
      assert.ok(points.bytes <= FIRST_POINTS_BYTES)
    }
    const added = [200, 201].map(start => points.addsAll(process('other'), start, NOW))
    assert.deepEqual(added, [false, true])
  })
})

const discarded = fc.record({
  process: fc.nat(4),
  start: fc.integer({ min: 90, max: 120 }),
  isRestarted: fc.boolean()
})

it('of few processes each is known exactly, over restarts', () => {
  fc.assert(
    fc.property(fc.array(discarded, { maxLength: 30 }), steps => {
      let points = new FirstPoints(SINCE)
      const latest = new Map<number, number>()
      for (const { process: id, start, isRestarted } of steps) {
        points.addDiscarded(process(id), start, NOW)
        latest.set(id, Math.max(latest.get(id) ?? 0, start))
        if (isRestarted) points = restarted(points)
        for (let one = 0; one < 5; one++)
          for (let at = 90; at <= 121; at++) {
            const want = at >= SINCE && at > (latest.get(one) ?? 0)
            assert.equal(points.addsAll(process(one), at, NOW), want, `process ${one}, start ${at}`)
          }
      }
    })
  )
})
