import type { Page } from 'playwright-core'

/** What a page takes once its garbage is collected. */
export interface Footprint {
  /** Bytes of JavaScript's heap. */
  readonly heap: number
  /** Nodes of the DOM, those too that are in no document any more. */
  readonly nodes: number
  readonly listeners: number
}

export async function footprint(page: Page): Promise<Footprint> {
  const session = await page.context().newCDPSession(page)
  // The first frees what holds nodes, and the second the nodes.
  for (let times = 0; times < 2; times++) await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  const { nodes, jsEventListeners } = await session.send('Memory.getDOMCounters')
  await session.detach()
  return { heap: usedSize, nodes, listeners: jsEventListeners }
}
