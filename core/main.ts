import { setFlagsFromString } from 'node:v8'
import { CommanderError } from 'commander'
import { builtIns, loadContract } from '../built-ins.ts'
import { EXIT } from './cli/exit-codes.ts'
import { makeProgram } from './cli/program.ts'
import { limitHeapGrowth } from './heap-growth.ts'
import { Registry } from './plugin/registry.ts'

// Bodies and columns lie outside of V8's heap. By default every 64 MiB of them, however short they lived, have the whole
// heap marked: half of the core and pauses of 40 ms, several times a second. So they count with the heap instead.
setFlagsFromString('--external-memory-accounted-in-global-limit')
limitHeapGrowth()
// Until its first collection a heap may grow up to here, and columns a few times as far: with 512 MiB those of a worker, which
// are garbage once they were sent on, took a gigabyte.
setFlagsFromString('--initial-old-space-size=64')

// Not 1, which says that the configuration is at fault.
process.on('uncaughtException', error => {
  process.stderr.write(`${error.stack}\n`)
  process.exit(EXIT.crashed)
})

// The reader of the output may end early, as `head` does: no reason to lose data in memory.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {})

const program = makeProgram(
  {
    registry: new Registry(builtIns),
    loadContract,
    out: text => void process.stdout.write(`${text}\n`),
    error: text => void process.stderr.write(`${text}\n`)
  },
  code => process.exit(code)
)

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage)
}
