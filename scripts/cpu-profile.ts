import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** A `.cpuprofile` of V8: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  /** µs of the monotonic clock, which `process.hrtime` shows as well. */
  readonly startTime: number
  /** Ids of nodes, and µs since the sample before. */
  readonly samples?: readonly number[]
  readonly timeDeltas?: readonly number[]
}

/** Self time of one function, or of all functions of one folder. */
export interface SelfTime {
  readonly name: string
  readonly ms: number
}

/** Native code, system calls that the thread waits for, and everything else that V8 does not see into. */
const PROGRAM = '(program)'
const IDLE = '(idle)'
const WORDS: Readonly<Record<string, string>> = {
  '(garbage collector)': 'garbage collection',
  [PROGRAM]: 'native code and the kernel'
}

/** Self times between two moments, in ns of `process.hrtime.bigint()`: the largest first, without idle time. */
export function selfTimes(
  profile: CpuProfile,
  root: string,
  beganNs: bigint,
  endedNs: bigint
): { readonly functions: SelfTime[]; readonly folders: SelfTime[] } {
  const byNode = microsecondsByNode(profile, Number(beganNs / 1000n), Number(endedNs / 1000n))
  const functions = new Map<string, number>()
  const folders = new Map<string, number>()
  for (const { id, callFrame } of profile.nodes) {
    const micros = byNode.get(id)
    if (micros === undefined || callFrame.functionName === IDLE) continue
    add(functions, functionOf(callFrame, root), micros)
    add(folders, folderOf(callFrame, root), micros)
  }
  return { functions: sorted(functions), folders: sorted(folders) }
}

function microsecondsByNode({ startTime, samples = [], timeDeltas = [] }: CpuProfile, from: number, to: number) {
  const byNode = new Map<number, number>()
  let at = startTime
  for (const [i, node] of samples.entries()) {
    at += timeDeltas[i]
    // A sample stands for the time until the next one.
    if (at >= from && at < to) add(byNode, node, timeDeltas[i + 1] ?? 0)
  }
  return byNode
}

type CallFrame = CpuProfile['nodes'][number]['callFrame']

function functionOf({ functionName, url, lineNumber }: CallFrame, root: string): string {
  if (url === '') return WORDS[functionName] ?? functionName
  return `${functionName || '(anonymous)'} ${pathOf(url, root)}:${lineNumber + 1}`
}

/** `core/wire`, `receivers/otlp`, `node_modules/snappy`; all modules of Node are one. */
function folderOf({ functionName, url }: CallFrame, root: string): string {
  if (url === '') return WORDS[functionName] ?? 'built-in functions'
  if (url.startsWith('node:')) return 'node'
  return path.dirname(pathOf(url, root)).split('/').slice(0, 2).join('/')
}

/** From the root, or from the last `node_modules`, which may be elsewhere. */
function pathOf(url: string, root: string): string {
  if (!url.startsWith('file:')) return url
  const file = fileURLToPath(url)
  const packageAt = file.lastIndexOf('node_modules')
  return packageAt < 0 ? path.relative(root, file) : file.slice(packageAt)
}

function add<K>(times: Map<K, number>, key: K, micros: number): void {
  times.set(key, (times.get(key) ?? 0) + micros)
}

function sorted(times: ReadonlyMap<string, number>): SelfTime[] {
  return [...times].map(([name, micros]) => ({ name, ms: micros / 1000 })).sort((a, b) => b.ms - a.ms)
}
