import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { reload } from '../../../core/cli/reload.ts'
import type { Change } from '../../../core/pipeline/reload/diff.ts'
import { MemoryTerminal } from './memory-terminal.ts'

const CHANGES: Change[] = [
  { component: 'receiver otlp', outcome: 'kept' },
  {
    component: 'processor windowed_counter in counts',
    outcome: 'state kept',
    reset: 'the open windows of rule 2, which is no longer configured'
  },
  { component: 'processor dedup in counts', outcome: 'state kept' }
]

test('a reload prints the change of each component, and the part of a state that was not kept', async t => {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(CHANGES))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const terminal = new MemoryTerminal()
  const admin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  assert.equal(await reload(terminal, { admin }), 0)
  assert.deepEqual(terminal.stdout.trimEnd().split('\n'), [
    '  receiver otlp: continues unchanged',
    '  processor windowed_counter in counts: continues with its state, except the open windows of rule 2, which is no longer configured: sent as they stood',
    '  processor dedup in counts: continues with its state'
  ])
})
