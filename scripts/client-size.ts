import { gzipSync } from 'node:zlib'
import { bundleForBrowsers } from './build-client.ts'

/** Pages load it before anything else. */
const MAX_BYTES = 6 * 1024

/** One sentence if the client for browsers is too large, compressed. */
export async function checkClientSize(maxBytes = MAX_BYTES): Promise<string[]> {
  const bytes = gzipSync(await bundleForBrowsers(), { level: 9 }).length
  return bytes > maxBytes
    ? [`sdk/client/browser has ${bytes} bytes when it is minified and compressed, and ${maxBytes} are the most`]
    : []
}
