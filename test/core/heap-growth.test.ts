import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { it } from 'node:test'
import { promisify } from 'node:util'

const PROGRAM = path.join(import.meta.dirname, 'garbage-beside-table.ts')
/** V8 has no such limit before. */
const OLDEST_NODE = 26
const isOld = Number.parseInt(process.versions.node, 10) < OLDEST_NODE

/** MiB of garbage outside of the heap, half of the time. */
async function garbageWith(growth: 'limited' | 'workers' | 'default'): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, growth])
  const { garbage } = JSON.parse(stdout) as { garbage: number[] }
  return garbage.toSorted((a, b) => a - b)[garbage.length >> 1]
}

it('garbage outside of the heap is bounded in bytes, and not by a part of what is kept', { skip: isOld }, async () => {
  const [limited, workers, byDefault] = await Promise.all([
    garbageWith('limited'),
    garbageWith('workers'),
    garbageWith('default')
  ])
  const seen = `${limited} MiB limited, ${workers} MiB with workers, ${byDefault} MiB by default`
  assert.ok(limited < 70, seen)
  assert.ok(Math.min(workers, byDefault) > 90, seen)
})
