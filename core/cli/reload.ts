import { statSync } from 'node:fs'
import type { RequestHandler } from 'express'
import { describeError } from '../errors.ts'
import type { Change, ChangeKind } from '../pipeline/reload/diff.ts'
import { askAdmin } from './admin-client.ts'
import { EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

const WATCH_INTERVAL_MS = 1000
const WHAT: Readonly<Record<ChangeKind, string>> = {
  kept: 'continues unchanged',
  'state kept': 'continues with its state',
  reset: 'started without state; its old state was sent as it stood',
  replaced: 'replaced',
  added: 'added',
  removed: 'removed; it sends its waiting data first'
}

/** Has a running Weir read its configuration files again, and prints the change of each component. */
export async function reload(terminal: Terminal, { admin }: { readonly admin: string }): Promise<number> {
  try {
    const { ok, status, text } = await askAdmin(admin, '/api/reload', { method: 'POST' })
    if (!ok) {
      terminal.error(text.trimEnd())
      return status === 422 ? EXIT.invalid : EXIT.refused
    }
    terminal.out(describeChanges(JSON.parse(text) as Change[]))
    return EXIT.ok
  } catch (error) {
    terminal.error(describeError(error))
    return EXIT.refused
  }
}

/** `POST /api/reload`: the changes, or 422 and why all is as before. */
export function reloadHandler(reload: () => Promise<Change[]>, hide: (text: string) => string): RequestHandler {
  return async (_request, response) => {
    try {
      response.json(await reload())
    } catch (error) {
      response
        .status(422)
        .type('text/plain')
        .send(`${hide(describeError(error))}\n`)
    }
  }
}

/** Reloads on SIGHUP and, with `watch`, when one of the files has changed. Returns a function that ends this. */
export function reloadOnRequest(
  terminal: Terminal,
  files: readonly string[],
  watch: boolean,
  reload: () => Promise<Change[]>
): () => void {
  const again = (why: string) => {
    reload().then(
      changes => terminal.out(`${why}: reloaded\n${describeChanges(changes)}`),
      error => terminal.error(`${why}: not reloaded, all is as before: ${describeError(error)}`)
    )
  }
  const onSignal = () => again('SIGHUP')
  process.on('SIGHUP', onSignal)
  let seen = stampOf(files)
  // By looking: file watches miss files that are replaced by way of links, as Kubernetes does.
  const timer = setInterval(() => {
    const now = stampOf(files)
    if (!watch || now === seen) return
    seen = now
    again('the configuration has changed')
  }, WATCH_INTERVAL_MS)
  return () => {
    process.off('SIGHUP', onSignal)
    clearInterval(timer)
  }
}

function stampOf(files: readonly string[]): string {
  return files
    .map(file => statSync(file, { throwIfNoEntry: false }))
    .map(stat => `${stat?.ino} ${stat?.mtimeMs} ${stat?.size}`)
    .join()
}

function describeChanges(changes: readonly Change[]): string {
  return changes.map(describeChange).join('\n')
}

function describeChange({ component, outcome, reset }: Change): string {
  const but = reset === undefined ? '' : `, except ${reset}: sent as they stood`
  return `  ${component}: ${WHAT[outcome]}${but}`
}
