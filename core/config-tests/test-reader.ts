import { keyPositionAt, nodeAt, type YamlNode } from '../config/document.ts'
import { type Position, type Problems, suggest } from '../config/problems.ts'
import type { ResolvedConfig } from '../config/resolved.ts'
import { applySchema } from '../config/schema.ts'
import { reportSchemaErrors } from '../config/schema-errors.ts'
import { used } from '../pipeline/graph/topology.ts'
import type { ReceiverPlugin } from '../plugin/contract.ts'
import { formatDuration } from '../schema/units.ts'
import type { Action, ConfigTest, Send, Step } from './config-test.ts'
import { ExpectReader } from './expect-reader.ts'
import type { StepValue, TestValue } from './schema.ts'
import { parseOffset, valueWithTimes } from './times.ts'

export type Path = readonly (string | number)[]

interface Options {
  readonly first: ResolvedConfig
  /** By the JSON of their files. */
  readonly reloads: ReadonlyMap<string, ResolvedConfig>
  readonly problems: Problems
}

/** Virtual time takes a minute for it, behind a journal. */
const LONGEST_MS = 14 * 86_400_000
const ACTIONS = ['send', 'restart', 'reload', 'backends', 'expect'] as const

/** Makes tests of values that fit the schema, and checks the names in them. */
export class TestReader {
  readonly #root: YamlNode
  readonly #options: Options
  readonly #problems: Problems
  readonly #expects: ExpectReader
  /** In force at the step that is read. */
  #config: ResolvedConfig
  /** Unix ms. */
  #start = 0

  constructor(root: YamlNode, options: Options) {
    this.#root = root
    this.#options = options
    this.#problems = options.problems
    this.#config = options.first
    this.#expects = new ExpectReader(root, options.problems, [options.first, ...options.reloads.values()])
  }

  test(path: Path, { name, start, steps }: TestValue): ConfigTest {
    this.#config = this.#options.first
    this.#start = Date.parse(start)
    if (Number.isNaN(this.#start)) {
      this.#error([...path, 'start'], `"${start}" is no time: there is no such day or hour`)
      this.#start = 0
    }
    const read = steps.map((step, i) => this.#step([...path, 'steps', i], step))
    let before = 0
    for (const [i, { at }] of read.entries()) {
      if (at === undefined) continue
      if (at > LONGEST_MS)
        this.#error([...path, 'steps', i, 'at'], `a test lasts at most ${formatDuration(LONGEST_MS)}: begin it later`)
      if (at < before) this.#error([...path, 'steps', i, 'at'], 'time does not go back: put the steps in their order')
      before = at
    }
    return { position: this.#at(path), name, start: this.#start, steps: read }
  }

  #step(path: Path, step: StepValue): Step {
    const named = ACTIONS.filter(key => step[key] !== undefined)
    if (named.length > 1)
      this.#keyError(
        [...path, named[1]],
        `a step does one thing, and this has ${named.join(' and ')}: make it two steps`
      )
    for (const key of ['times', 'refused'] as const)
      if (step[key] !== undefined && step.send === undefined)
        this.#keyError([...path, key], `"${key}" belongs to "send", which this step does not have`)
    return {
      position: this.#at(path),
      at: step.at === undefined ? undefined : parseOffset(step.at),
      action: this.#action(path, step)
    }
  }

  #action(path: Path, { send, times = 1, refused, restart, reload, backends, expect }: StepValue): Action | undefined {
    if (send !== undefined) return { kind: 'send', inputs: this.#inputs([...path, 'send'], send), times, refused }
    if (restart !== undefined) return { kind: 'restart', how: restart }
    if (backends !== undefined) return this.#expects.backends([...path, 'backends'], backends)
    if (expect !== undefined) return this.#expects.expect([...path, 'expect'], expect)
    if (reload === undefined) return undefined
    this.#config = this.#options.reloads.get(JSON.stringify(reload))!
    return { kind: 'reload', config: this.#config }
  }

  #inputs(path: Path, send: Readonly<Record<string, unknown>>): Send['inputs'] {
    return Object.keys(send).map(receiver => ({ receiver, input: this.#input([...path, receiver], receiver) }))
  }

  #input(path: Path, receiver: string): unknown {
    const known = used(this.#config, 'receiver')
    const plugin = known.find(({ id }) => id === receiver)?.plugin as ReceiverPlugin | undefined
    if (plugin === undefined) {
      const names = known.map(({ id }) => id)
      return this.#keyError(path, `no pipeline has a receiver "${receiver}"${suggest(receiver, names)}`)
    }
    if (plugin.feeding === undefined)
      return this.#keyError(
        path,
        `receiver "${receiver}" cannot be fed by tests: its plugin ${plugin.type} has no "feeding" (see docs/plugins.md)`
      )
    const node = nodeAt(this.#root, path)
    const { value, errors } = applySchema(plugin.feeding.input, valueWithTimes(node, this.#start, this.#problems))
    reportSchemaErrors(errors, node, this.#problems)
    return value
  }

  #at(path: Path): Position {
    return nodeAt(this.#root, path).position
  }

  #keyError(path: Path, message: string): undefined {
    this.#problems.error(keyPositionAt(this.#root, path), message)
  }

  #error(path: Path, message: string): undefined {
    this.#problems.error(this.#at(path), message)
  }
}
