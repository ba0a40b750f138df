import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pipeline } from '../../../../core/pipeline/graph/pipeline.ts'
import { StateTransfer } from '../../../../core/pipeline/reload/state-transfer.ts'

/** A pipeline of one processor, whose state is `state`. */
function pipelineOf(state: number, isLeaving: boolean) {
  const given: number[] = []
  const processor = { snapshot: () => Uint8Array.of(state), restore: ([value]: Uint8Array) => given.push(value) }
  const component = { id: 'x', isLeaving }
  return { given, pipeline: { name: 'p', processors: [{ component, processor, stage: {} }] } as never as Pipeline }
}

const CASES: [what: string, isLeaving: boolean, isFinished: boolean, want: number[]][] = [
  ['goes on', false, true, [2]],
  ['has put out what it held', true, true, []],
  ['could not put out what it holds', true, false, [2]]
]

for (const [what, isLeaving, isFinished, want] of CASES)
  test(`on the way back a processor gets the state of the one before, which had its own and ${what}`, () => {
    const states = new StateTransfer()
    states.take(pipelineOf(1, false).pipeline, true)
    states.take(pipelineOf(2, isLeaving).pipeline, isFinished)
    const { given, pipeline } = pipelineOf(0, false)
    states.give(pipeline)
    assert.deepEqual(given, want)
  })
