import { spawnSync } from 'node:child_process'
import { requireProgram } from './program.ts'

const TIMEOUT_MS = 60_000

export const promtoolProgram = () =>
  requireProgram({
    binary: 'promtool',
    debianPackage: 'prometheus',
    hint: 'On Debian: apt-get install prometheus; elsewhere: https://prometheus.io/download'
  })

/** The verdict of `promtool test rules`. @param path from {@link promtoolProgram} @param file a test of rules */
export function promtoolVerdict(path: string, file: string): { readonly passed: boolean; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(path, ['test', 'rules', file], { encoding: 'utf8', timeout: TIMEOUT_MS })
  return { passed: status === 0, output: stdout + stderr }
}
