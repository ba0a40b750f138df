// A new user's first five minutes, timed: `npm run five-minutes`. It takes the ports of the quickstart.
//
// A fresh clone is installed and started. The commands that it prints are pasted into a shell, and the page that it prints
// is opened in a browser. All that is done there is a click on something that the page shows.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { chromiumProgram, startChromium } from '../servers/chromium.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const LIMIT_MS = 5 * 60_000
const STEP_MS = 60_000
const started = performance.now()

const folder = await mkdtemp(path.join(tmpdir(), 'weir-new-user-'))
try {
  run('git', ['clone', '--quiet', ROOT, folder], tmpdir())
  said('cloned')
  run('npm', ['install', '--no-audit', '--no-fund'], folder)
  said('npm install')
  await withWeir(async output => {
    const commands = output.split('\n').filter(line => /^ +(curl .*-d |bash )/.test(line))
    assert.equal(commands.length, 3, output)
    for (const command of commands) run('bash', ['-c', command.trim()], folder)
    said('three lines pasted')
    const [page] = /http:\/\/127\.0\.0\.1:\d+\/(?=\n)/.exec(output)!
    await lookAt(page)
  })
  assert.ok(performance.now() - started < LIMIT_MS, 'it took more than five minutes')
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function withWeir(use: (output: string) => Promise<void>): Promise<void> {
  const weir = spawn('npm', ['start'], { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(weir, 'exit')
  let output = ''
  weir.stdout.setEncoding('utf8').on('data', text => (output += text))
  try {
    await until(
      () => /Prometheus API[\s\S]*query=/.test(output),
      () => output
    )
    said('npm start')
    await use(output)
  } finally {
    process.kill(-weir.pid!, 'SIGINT')
    await ended
  }
}

async function lookAt(url: string): Promise<void> {
  const { path: program } = await chromiumProgram()
  const browser = await startChromium(program)
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(STEP_MS)
    await page.goto(url)
    await page.getByRole('button', { name: 'signup_total' }).click()
    await page.getByRole('button', { name: 'plan', exact: true }).click()
    await page.getByRole('button', { name: '{plan="pro"}', exact: true }).waitFor()
    said('a chart of an own count by a tag')
    await page.getByRole('link', { name: 'Events' }).click()
    await page.getByRole('button', { name: 'Funnel' }).click()
    await funnelIsDrawn(page)
    said('a funnel')
  } finally {
    await browser.close()
  }
}

/** One user signed up and checked out. The page offers both events as steps, in the order of their names. */
async function funnelIsDrawn(page: Page): Promise<void> {
  for (const [i, event] of ['signup', 'checkout'].entries()) {
    await page.getByLabel(`Step ${i + 1}`, { exact: true }).fill(event)
    await page.keyboard.press('Enter')
  }
  for (const step of [/^1\. signup1$/, /^2\. checkout1100 % of the first/])
    await page.getByRole('listitem').filter({ hasText: step }).waitFor()
}

function run(program: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' })
  assert.equal(status, 0, `${program} ${args.join(' ')}\n${stdout}${stderr}`)
}

async function until(isSo: () => boolean, said: () => string): Promise<void> {
  for (const end = performance.now() + STEP_MS; !isSo(); ) {
    assert.ok(performance.now() < end, `not ready:\n${said()}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

function said(step: string): void {
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${step}`)
}
