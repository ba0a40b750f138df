// Opens the folder in a process of its own until told to end: `node hold-folder.ts <folder> [export]`.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { embedded, FOREVER, signal } from './harness.ts'
import { counterBlock } from './samples.ts'

const [, , folder, task] = process.argv
const { exporter, context } = await embedded(FOREVER, folder)
await exporter.probe(signal())
if (task === 'export') await exporter.export(counterBlock(context.series, 1000, 10), signal())
const status = await readFile(join(folder, 'status'), 'utf8')
// The process of the engine.
process.send!(Number(/^PID: (\d+)/.exec(status)![1]))
process.once('message', async () => {
  await exporter.stop(signal())
  process.exit()
})
