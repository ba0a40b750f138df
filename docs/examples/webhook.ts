import { attributeText, defineExporter, type EventBlock, ExportError } from 'weir/plugin'

export default defineExporter({
  type: 'webhook',
  stability: 'beta',
  description: 'Posts events to a URL as JSON.',
  schema: {
    type: 'object',
    required: ['url'],
    properties: { url: { type: 'string', pattern: '^https?://', description: 'Where to post.' } }
  },
  ports: { in: 'events' },
  create: ({ url }) => ({
    // A network error or a timeout throws out of fetch, and the sending queue tries again.
    async export(block, signal) {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(url, { method: 'POST', headers, body: toJson(block), signal })
      await response.arrayBuffer()
      if (response.ok) return
      const retryable = response.status === 429 || response.status >= 500
      throw new ExportError(`${url} answers ${response.status}`, { retryable, reason: 'rejected_by_webhook' })
    }
  })
})

function toJson(block: EventBlock): string {
  const events = block.name.map((name, i) => ({
    name,
    time: new Date(block.time[i]).toISOString(),
    value: block.value[i],
    attributes: Object.fromEntries(block.attributes[i].map(([key, value]) => [key, attributeText(value)]))
  }))
  return JSON.stringify(events)
}
