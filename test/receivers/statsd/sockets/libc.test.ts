import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadLibc } from '../../../../receivers/statsd/sockets/libc.ts'

test('the C library is not called where its structures have other forms', async t => {
  const { arch } = process
  t.after(() => Object.defineProperty(process, 'arch', { value: arch }))
  for (const other of ['arm', 'ia32', 's390x']) {
    Object.defineProperty(process, 'arch', { value: other })
    await assert.rejects(loadLibc(), new RegExp(`not on a processor of ${other}`))
  }
})
