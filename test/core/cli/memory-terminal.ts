import { builtIns, loadContract } from '../../../built-ins.ts'
import type { Terminal } from '../../../core/cli/terminal.ts'
import { Registry } from '../../../core/plugin/registry.ts'

/** A terminal that remembers what was written. */
export class MemoryTerminal implements Terminal {
  readonly registry = new Registry(builtIns)
  readonly loadContract = loadContract
  stdout = ''
  stderr = ''

  out(text: string): void {
    this.stdout += `${text}\n`
  }

  error(text: string): void {
    this.stderr += `${text}\n`
  }
}
