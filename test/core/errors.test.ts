import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadInputError, ExportError, WeirError } from '../../core/errors.ts'
import { failureOf } from '../../core/pipeline/sending-queue/failure.ts'

/** The module once more, as a plugin brings it that has Weir among its own dependencies. */
const second: typeof import('../../core/errors.ts') = await import(`${'../../core/errors.ts'}?copy`)

const cases: readonly [name: string, of: { is(error: unknown): boolean }, theirs: Error][] = [
  ['WeirError', WeirError, new second.WeirError('QUEUE_FULL', 'full')],
  ['ExportError', ExportError, new second.ExportError('no', { retryable: false })],
  ['BadInputError', BadInputError, new second.BadInputError('bad')]
]
for (const [name, of, theirs] of cases)
  test(`regression: ${name} of a second copy of the package was not known for one`, () => {
    assert.equal(theirs instanceof Error, true)
    assert.equal(of.is(theirs), true)
    for (const other of cases) if (other[0] !== name) assert.equal(other[1].is(theirs), false, other[0])
    for (const stranger of [new Error('no'), undefined, null, 'no', { name }]) assert.equal(of.is(stranger), false)
  })

test('an ExportError of another version may lack fields: it is tried again', () => {
  const older = new second.ExportError('busy', { retryable: true }) as unknown as Record<string, unknown>
  for (const field of ['retryable', 'reason', 'retryAfterMs', 'failedItems']) delete older[field]
  assert.deepEqual(failureOf(older as unknown as Error, 1), {
    kind: 'transient',
    error: older,
    reason: 'export_failed',
    retryAfterMs: 0,
    failed: undefined
  })
})
