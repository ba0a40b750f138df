import { spawnSync } from 'node:child_process'

/**
 * For `skip` of node:test: false where namespaces of their own can be had, else why not. Root without them is a failure
 * under `CI=true`, for there nobody reads skips.
 */
export function withoutNamespaces(): string | false {
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0
  const tried = isRoot ? spawnSync('unshare', ['--net', '--mount', 'true'], { encoding: 'utf8' }) : undefined
  if (tried?.status === 0) return false
  const why = `a network namespace needs root on Linux${tried === undefined ? '' : `: ${tried.error?.message ?? tried.stderr}`}`
  if (isRoot && process.env.CI === 'true') throw new Error(why)
  return why
}
