import { type Browser, chromium } from 'playwright-core'
import { requireProgram } from './program.ts'

// No sandbox: tests run as root, and the pages are ours. The rest keeps it from talking to anybody else.
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

export const chromiumProgram = () =>
  requireProgram({
    binary: 'chromium',
    debianPackage: 'chromium',
    hint: 'On Debian: apt-get install chromium; elsewhere: https://www.chromium.org/getting-involved/download-chromium'
  })

/** A browser with an empty profile of its own. Close it. @param path from {@link chromiumProgram} */
export function startChromium(path: string): Promise<Browser> {
  return chromium.launch({ executablePath: path, args: ARGS })
}
