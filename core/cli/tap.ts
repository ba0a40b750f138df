import { describeError } from '../errors.ts'
import { followAdmin } from './admin-client.ts'
import { EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

interface TapOptions {
  readonly admin: string
  readonly pipeline?: string
  readonly side?: string
  readonly limit?: number
  readonly rate?: number
}

/** Prints items that pass a component of the running Weir, one JSON object a line, until `limit` or Ctrl-C. */
export async function tap(terminal: Terminal, component: string, options: TapOptions): Promise<number> {
  const { admin, ...rest } = options
  const query = new URLSearchParams({ component })
  for (const [name, value] of Object.entries(rest)) query.set(name, String(value))
  try {
    const { ok, text } = await followAdmin(admin, `/api/tap?${query}`, {}, line => terminal.out(line))
    if (!ok) terminal.error(text.trimEnd())
    return ok ? EXIT.ok : EXIT.refused
  } catch (error) {
    terminal.error(describeError(error))
    return EXIT.refused
  }
}
