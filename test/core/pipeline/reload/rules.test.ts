import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProcessorPlugin } from '../../../../core/plugin/contract.ts'
import { SimulatedDisk } from '../../journal/simulated-disk.ts'
import type { RunOptions } from '../journaled-config.ts'
import { EPOCH, JournaledRun } from '../journaled-run.ts'
import { TestBackend } from '../journaled-world.ts'

type Rule = Record<string, unknown>

const A: Rule = { match: { name: 'a' } }
const B: Rule = { match: { name: 'b' } }
const C: Rule = { match: { name: 'c' } }
const OTHER_B: Rule = { ...B, windows: ['3s'] }
const BROKEN = {
  kind: 'processor',
  type: 'extra',
  ports: { in: 'any', out: 'any' },
  create: () => ({ process: (block: unknown) => block, start: () => Promise.reject(new Error('no')) })
} as never as ProcessorPlugin

const counter = (rules: readonly Rule[]) => ({
  counter: { windows: ['2s'], output: ['delta'], allowed_lateness: '100ms', idle_timeout: '300ms', rules }
})

/** A Weir whose rules count `a` and `b`; each has one point of 1 that is still held. */
async function started(rules = [A, B]) {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  const options: RunOptions = { now: EPOCH, ...counter(rules) }
  const run = await JournaledRun.start(disk, backend, options)
  await push(run, 1)
  return { disk, backend, run, options }
}

async function push(run: JournaledRun, value: number): Promise<void> {
  const time = run.clock.now()
  const acked = run.push(['a', 'b'].map(series => ({ series, time, value })))
  await run.advance(100)
  assert.equal(await acked, 'acked')
}

/** What came, a part of a window each. */
function sent({ sent }: TestBackend): string[] {
  return sent.map(([key, value]) => `${key.replace(`${EPOCH}`, '').replace(/@.*/, '')} ${value}`).sort()
}

function assertLedger({ component, topology }: JournaledRun): void {
  const processors = topology.pipelines.flatMap(pipeline => pipeline.processors)
  for (const { account } of [component, ...[...processors, ...topology.exporters].map(one => one.component)])
    assert.equal(account.imbalance, 0)
}

const [A1, A11, B1, B10, B11, B10_OF_3S] = [
  'a{window=2s} 1',
  'a{window=2s} 11',
  'b{window=2s} 1',
  'b{window=2s} 10',
  'b{window=2s} 11',
  'b{window=3s} 10'
]
const GONE = 'the open windows of rule 2, which is no longer configured'

const CASES: [what: string, next: Rule[], reset: string | undefined, atOnce: string[], atLast: string[]][] = [
  ['one is gone', [A], GONE, [B1], [A11, B1, 'b{} 10']],
  ['the first is gone', [B], 'the open windows of rule 1, which is no longer configured', [A1], [A1, 'a{} 10', B11]],
  [
    'one cannot use its state',
    [A, OTHER_B],
    'the open windows of rule 2, which had windows of 2s and has windows of 3s now',
    [B1],
    [A11, B1, B10_OF_3S]
  ],
  ['one is exchanged for another, and moved', [{ ...C, name: 'c' }, A], GONE, [B1], [A11, B1, 'b{} 10']],
  ['one is added', [C, B, A], undefined, [], [A11, B11]],
  [
    'one has a larger window beside it',
    [A, { ...B, windows: ['2s', '4s'] }],
    undefined,
    [],
    [A11, B11, 'b{window=4s} 11']
  ]
]

for (const [what, next, reset, atOnce, atLast] of CASES)
  test(`rules that are as they were keep their state where ${what}`, async () => {
    const { backend, run } = await started()
    const changes = await run.reload(counter(next))
    const change = changes.find(({ component }) => component === 'processor windows in counts')
    assert.deepEqual([change?.outcome, change?.reset], ['state kept', reset])
    await run.advance(100)
    assert.deepEqual(sent(backend), atOnce)
    await push(run, 10)
    await run.advance(5000)
    assert.deepEqual(sent(backend), atLast)
    assertLedger(run)
    assert.equal(await run.stop(1000), true)
  })

test('where no rule can use its state, the processor is reset as a whole', async () => {
  const { backend, run } = await started()
  const changes = await run.reload(counter([OTHER_B]))
  assert.ok(changes.some(({ outcome }) => outcome === 'reset'))
  await run.advance(100)
  assert.deepEqual(sent(backend), [A1, B1])
})

for (const [what, rules, next, change] of [
  ['a rule is gone', [A, B], [A], { extra: BROKEN }],
  ['a rule cannot use its state', [A, B], [A, OTHER_B], { extra: BROKEN }],
  ['a rule is gone, and no checkpoint can be written', [A, B], [A], {}]
] as [string, Rule[], Rule[], Partial<RunOptions>][])
  test(`a reload that fails where ${what}: sent windows are not sent again, and nothing else is lost`, async () => {
    const { disk, backend, run } = await started(rules)
    if (change.extra === undefined) disk.capacity = 0
    await assert.rejects(run.reload({ ...counter(next), ...change }), /could not start|no checkpoint/)
    disk.capacity = Number.POSITIVE_INFINITY
    await push(run, 10)
    await run.advance(5000)
    // Where the disk is full the reload takes so long that the window has ended meanwhile.
    const parts = sent(backend).filter(part => part.startsWith('b'))
    assert.deepEqual(parts, [B1, B10])
    const ofA = backend.sent.filter(([key]) => key.startsWith('a')).reduce((sum, [, value]) => sum + value, 0)
    assert.equal(ofA, 11)
    assertLedger(run)
  })

test('regression: if a rule was added and the reload failed, the state of the others came twice', async () => {
  const { disk, backend, run } = await started([A])
  disk.capacity = 0
  await assert.rejects(run.reload(counter([C, A])), /no checkpoint/)
  disk.capacity = Number.POSITIVE_INFINITY
  await run.advance(5000)
  assert.deepEqual(
    sent(backend).filter(part => part.startsWith('a')),
    [A1]
  )
})

test('after a crash the output of leaving rules is not sent again, and the others have all', async () => {
  const { disk, backend, run, options } = await started()
  await run.reload(counter([A]))
  await push(run, 10)
  run.crash()
  const next = await JournaledRun.start(disk, backend, { ...options, ...counter([A]), now: run.clock.now() })
  await next.advance(5000)
  assert.deepEqual([...backend.stored().values()], [1, 10, 11])
  assertLedger(next)
})
