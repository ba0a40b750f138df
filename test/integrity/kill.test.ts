import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { randomFrom } from '../core/journal/simulated-disk.ts'
import { prometheusProgram } from '../servers/prometheus.ts'
import { victoriaMetricsProgram } from '../servers/victoria-metrics.ts'
import { type CrashesOptions, runCrashes } from './crashes.ts'

const { path: program, skip } = await victoriaMetricsProgram()

const prometheus = await prometheusProgram()

const cases: readonly [name: string, options: Partial<CrashesOptions>][] = [
  ['while RxJS plugins hold batches', { kills: 15, longestLifeMs: 400, paced: true }],
  ['12 times in the midst of requests', { kills: 12, longestLifeMs: 700 }],
  ['while ClickHouse stores too', { kills: 5, longestLifeMs: 1_500, clickHouse: true }],
  ['while Prometheus stores too', { kills: 4, longestLifeMs: 1_500, prometheus: prometheus.path }],
  ['while the backend is dead', { kills: 4, longestLifeMs: 1_000, roughness: ['pass', 'dead', 'dead'] }],
  [
    'while the backend fails in every way',
    { kills: 6, longestLifeMs: 1_000, roughness: ['500', '429', 'hang', 'reset', 'after', 'pass'] }
  ],
  ['and by SIGTERM under load', { kills: 3, longestLifeMs: 800, terminated: 0.6, shutdownTimeout: '500ms' }],
  ['and its workers end one by one', { kills: 6, longestLifeMs: 1_500, workers: 2 }],
  ['and reloads under load', { kills: 4, longestLifeMs: 1_500, reloaded: 0.8 }],
  ['while its clock is set forward and back', { kills: 4, longestLifeMs: 1_500, clockSteps: true }]
]

/** Each waits for windows to close, most of its time; the longest begins first. */
const CONCURRENCY = 3

describe('crashes', { concurrency: CONCURRENCY }, () => {
  for (const [name, options] of cases) {
    const missing = skip || ('prometheus' in options && prometheus.skip)
    test(`kill -9, ${name}: nothing is lost, nothing is doubled`, { skip: missing, timeout: 240_000 }, async t => {
      const seed = Date.now() % 2 ** 31
      t.diagnostic(`seed ${seed}`)
      const random = randomFrom(seed)
      const result = await runCrashes({
        random,
        program,
        kills: 1,
        longestLifeMs: 1_000,
        clickHouse: false,
        ...options
      })
      const { kills, terms, reloads, workerEnds, items, requests, repeated, verdicts } = result
      t.diagnostic(
        `${items} items in ${requests} requests, ${repeated} sent twice; ${kills} kills, ${terms} SIGTERM, ${reloads} reloads, ${workerEnds} workers ended`
      )
      assert.ok(items > 0)
      for (const [store, { lost, doubled, findings }] of verdicts) {
        t.diagnostic(`${store}: lost ${lost}, doubled ${doubled}`)
        assert.deepEqual(findings, [], store)
      }
    })
  }
})
