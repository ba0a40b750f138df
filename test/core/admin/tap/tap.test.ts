import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { AdminServer } from '../../../../core/admin/server.ts'
import { exposeTap } from '../../../../core/admin/tap/tap.ts'
import { servedDelivery } from '../served-delivery.ts'

test('a tap whose component is gone ends once, also if Weir stops before the client has read it all', async t => {
  const delivery = await servedDelivery()
  const endAll = exposeTap(delivery)
  const server = new AdminServer({ endpoint: '127.0.0.1:0' }, delivery, () => ({
    phase: 'running',
    problems: [],
    hide: text => text
  }))
  await server.start()
  t.after(() => server.stop(AbortSignal.abort()))
  const { body } = await fetch(`${delivery.services.adminUrl}/api/tap?component=exporter/store`)
  for (const { edges } of delivery.components) edges.end()
  endAll()
  assert.equal(await text(body!), '{"type":"end","reason":"the component is gone"}\n')
})
