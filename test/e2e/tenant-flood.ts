// Sends requests of a tenant at a rate, whatever the answers are, and prints the number of each status as JSON.
import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { deltaRequest } from './otlp-requests.ts'

const [url, tenant, ...numbers] = process.argv.slice(2)
const [perSecond, points, seconds] = numbers.map(Number)
const time = Date.now()
const body = deltaRequest(Array.from({ length: points }, () => ({ name: 'many', attributes: {}, time, value: 1 })))
const headers = { 'content-type': 'application/x-protobuf', 'x-scope-orgid': tenant }

const answers: Record<number, number> = {}
const begun = performance.now()
const under: Promise<void>[] = []
for (let sent = 0; sent < perSecond * seconds; ) {
  const due = ((performance.now() - begun) / 1000) * perSecond
  for (; sent < due; sent++) under.push(send())
  await setTimeout(2)
}
await Promise.all(under)
console.log(JSON.stringify(answers))

async function send(): Promise<void> {
  const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) })
  await response.arrayBuffer()
  answers[response.status] = (answers[response.status] ?? 0) + 1
  if (response.status === 429) assert.match(response.headers.get('retry-after')!, /^[1-9]$/)
}
