import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { AssignedPartitions } from '../../../receivers/kafka/assigned-partitions.ts'

/** Partitions that open when they are told to. */
function world() {
  const log: string[] = []
  const opening: PromiseWithResolvers<void>[] = []
  const ownerships: AbortSignal[] = []
  const partitions = new AssignedPartitions({
    async open(partition, ownership) {
      log.push(`open ${partition}`)
      ownerships.push(ownership)
      opening.push(Promise.withResolvers())
      await opening.at(-1)!.promise
      return {
        async close(deadline: AbortSignal) {
          log.push(`close ${partition}${deadline.aborted ? ' at once' : ''}`)
          return !deadline.aborted
        }
      }
    },
    failed(partition, error) {
      if (error !== undefined) log.push(`failed ${partition}`)
    }
  })
  return { partitions, log, opening, ownerships }
}

test('a partition that is taken away while it opens is closed, and nobody gets it before', async () => {
  const { partitions, log, opening } = world()
  await partitions.assigned(new Set([0]), true)
  await setImmediate()
  let isGivenUp = false
  const givingUp = partitions.assigned(new Set(), true).then(() => {
    isGivenUp = true
  })
  await setImmediate()
  assert.equal(isGivenUp, false)
  opening[0].resolve()
  await givingUp
  assert.deepEqual(log, ['open 0', 'close 0'])
  assert.deepEqual(partitions.all, [])
})

test('a partition that another process may have had since is opened anew, also if it was only opening', async () => {
  const { partitions, log, opening, ownerships } = world()
  await partitions.assigned(new Set([0]), true)
  await setImmediate()
  const again = partitions.assigned(new Set([0]), false)
  // Before anything else can be committed.
  assert.equal(ownerships[0].aborted, true)
  opening[0].resolve()
  await again
  await setImmediate()
  opening[1].resolve()
  await setImmediate()
  assert.deepEqual(log, ['open 0', 'close 0 at once', 'open 0'])
  assert.deepEqual([partitions.all.length, ownerships[1].aborted], [1, false])
})

test('a partition that goes on is neither closed nor opened', async () => {
  const { partitions, log, opening } = world()
  await partitions.assigned(new Set([0]), true)
  await setImmediate()
  opening[0].resolve()
  await partitions.assigned(new Set([0]), true)
  await setImmediate()
  assert.deepEqual(log, ['open 0'])
  assert.equal(await partitions.close(new AbortController().signal), true)
  assert.deepEqual(log, ['open 0', 'close 0'])
})
