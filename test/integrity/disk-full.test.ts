import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, rmdir, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { eventually } from '../e2e/eventually.ts'
import { deltaRequest, postOtlp } from '../e2e/otlp-requests.ts'
import { RemoteWriteBackend, storedWindows } from '../e2e/remote-write-backend.ts'
import { Sandbox } from '../e2e/weir-process.ts'

const DISK_MIB = 4
const ROUNDS = 3

/** A folder that is a file system of its own until the test ends; undefined where that is not allowed. */
async function smallDisk(t: TestContext): Promise<string | undefined> {
  const folder = await mkdtemp(path.join(tmpdir(), 'weir-disk-'))
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', folder]).status === 0
  t.after(async () => {
    if (isMounted) spawnSync('umount', ['-l', folder])
    await rmdir(folder)
  })
  return isMounted ? folder : undefined
}

/** Takes all the space there is. */
async function fill(file: string): Promise<void> {
  const { bavail, bsize } = await statfs(path.dirname(file))
  await writeFile(file, Buffer.alloc(bavail * bsize)).catch(() => {})
}

test('a full disk: requests are refused with 503, nothing acknowledged is lost, and it goes on when there is space', async t => {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
  const disk = await smallDisk(t)
  if (disk === undefined) return t.skip('no file system can be mounted here')
  const [journal, ballast] = [path.join(disk, 'journal'), path.join(disk, 'ballast')]
  let weir = await sandbox.start(config(backend.url, journal))
  let acknowledged = 0
  let refused = 0
  const send = async () => {
    const point = { name: 'requests', attributes: { route: '/' }, time: Date.now(), value: 1 }
    const { status } = await postOtlp(weir.otlp, deltaRequest([point]))
    assert.ok(status === 200 || status === 503, `status ${status}`)
    if (status === 200) acknowledged++
    else refused++
    return status
  }
  for (let round = 0; round < ROUNDS; round++) {
    await send()
    await fill(ballast)
    let said = weir.stderr.length
    await eventually('it refuses', async () => (await send()) === 503)
    for (let i = 0; i < 20; i++) await send()
    if (round === 1) {
      await weir.kill()
      weir = await sandbox.start(config(backend.url, journal))
      said = 0
    }
    await eventually('a checkpoint fails too', () => weir.stderr.includes('no checkpoint could be written', said))
    await rm(ballast)
    await eventually('it takes again', async () => (await send()) === 200)
  }
  assert.ok(refused >= ROUNDS)
  await weir.kill()
  weir = await sandbox.start(config(backend.url, journal))
  const lastAt = Date.now()
  assert.equal(await send(), 200)
  const stored = () => storedWindows(backend.samples()).filter(({ window }) => window === '1s')
  // Windows are sent in their order: nothing of an earlier one can come any more.
  await eventually('the last window is stored', () => stored().some(({ time }) => time > lastAt))
  assert.equal(
    stored().reduce((sum, { value }) => sum + value, 0),
    acknowledged
  )
  t.diagnostic(`${acknowledged} acknowledged, ${refused} refused`)
})

function config(url: string, journal: string): string {
  return `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
processors:
  windowed_counter: { windows: [1s], output: [delta], allowed_lateness: 200ms, idle_timeout: 500ms }
exporters:
  victoriametrics: { endpoint: '${url}' }
service:
  admin: { endpoint: 127.0.0.1:0 }
  journal: { folder: '${journal}', segment_size: 64KiB, checkpoint_interval: 300ms }
  log: { level: error }
  pipelines:
    counts: { receivers: [otlp], processors: [windowed_counter], exporters: [victoriametrics] }
`
}
