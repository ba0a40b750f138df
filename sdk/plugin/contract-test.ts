import assert from 'node:assert/strict'
import { applySchema } from '../../core/config/schema.ts'
import { ExportError } from '../../core/errors.ts'
import { API_VERSION, type Exporter, type JsonSchema, type Plugin, type Receiver } from '../../core/plugin/contract.ts'
import type { ContractOptions, Rule } from '../../core/plugin/contract-rule.ts'
import { ADVICE } from './contract-advice.ts'
import { make, type Subjects, signal, stop, within } from './contract-subject.ts'
import { isInspected } from './inspection-contract.ts'
import { PROCESSOR_RULES } from './processor-contract.ts'
import { blocksFor } from './sample-blocks.ts'
import { testConfig } from './testing.ts'

export type { ContractOptions, Rule } from '../../core/plugin/contract-rule.ts'

const PORTS = { receiver: ['out'], processor: ['in', 'out'], exporter: ['in'], extension: [] }
/** An attempt, and how long it may take to end after that. */
const ATTEMPT_MS = 50
const SLACK_MS = 3000
const PORT_TYPES = ['points', 'events', 'any']

/** The rules for any plugin of this kind: `for (const { name, check } of contractOf(plugin)) it(name, check)`. */
export function contractOf(plugin: Plugin, options: ContractOptions = {}): Rule[] {
  const rule = (name: string, check: (subject: Subjects) => Promise<void> | void): Rule => ({
    name,
    advice: ADVICE[name],
    check: async () => check({ plugin, options, ...make(plugin, options) })
  })
  const common = [
    rule('is well formed', isWellFormed),
    rule('every option has a description, and a default unless it is required', ({ plugin, options }) =>
      describesOptions(plugin, options)
    ),
    rule('takes its defaults and no unknown option', configIsChecked),
    rule('creating it touches nothing', createTouchesNothing),
    rule('tells about itself without a change', isInspected),
    rule('may be stopped without a start', ({ instance }) => stop(instance)),
    rule('may be started and stopped twice', startsAndStopsTwice)
  ]
  if (plugin.kind === 'extension') return common
  if (plugin.kind === 'receiver')
    return [
      ...common,
      rule('completes its batches when it stops', completes),
      rule('can be fed by tests, if it says so', canBeFed)
    ]
  if (plugin.kind === 'exporter') {
    const name = options.unreachable ? 'may be retried while its backend is unreachable' : 'takes every kind of block'
    return [...common, rule(name, exportsBlocks), rule('ends when its time is over', endsInTime)]
  }
  return [...common, ...Object.entries(PROCESSOR_RULES).map(([name, check]) => rule(name, check))]
}

function isWellFormed({ plugin, instance }: Subjects): void {
  assert.equal(plugin.api, API_VERSION)
  assert.match(plugin.type, /^[a-z][a-z0-9_]*$/, 'type is lower_snake_case')
  assert.match(plugin.description, /^[A-Z].*\.$/, 'description is a sentence')
  const ports: Readonly<Record<string, string | readonly string[]>> = plugin.kind === 'extension' ? {} : plugin.ports
  assert.deepEqual(Object.keys(ports).sort(), PORTS[plugin.kind], `ports of a ${plugin.kind}`)
  for (const port of Object.values(ports).flat()) assert.ok(PORT_TYPES.includes(port), `port ${port}`)
  const has = (member: string) => member in instance
  if (plugin.kind === 'extension') return
  const wanted = { receiver: ['batches$'], processor: ['process', 'receive', 'operator'], exporter: ['export'] }[
    plugin.kind
  ]
  assert.equal(wanted.filter(has).length, 1, `create makes something with ${wanted.join(' or ')}`)
}

function describesOptions(plugin: Plugin, { optional = [] }: ContractOptions): void {
  const without: string[] = []
  walk(plugin.schema, '', (path, option, isRequired) => {
    assert.equal(typeof option.description, 'string', `${path} has a description`)
    assert.ok(!(isRequired && 'default' in option), `${path} is required, so its default means nothing`)
    if (!isRequired && !('default' in option)) without.push(path)
  })
  assert.deepEqual(without.sort(), [...optional].sort(), 'options without a default are those known to be optional')
}

function walk(
  schema: JsonSchema,
  prefix: string,
  visit: (path: string, option: JsonSchema, isRequired: boolean) => void
): void {
  const required = (schema.required ?? []) as readonly string[]
  for (const [name, option] of Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>)) {
    assert.match(name, /^[a-z][a-z0-9_]*$/, `${prefix}${name} is lower_snake_case`)
    visit(`${prefix}${name}`, option, required.includes(name))
    if (option.properties === undefined) continue
    assert.notEqual(option.additionalProperties ?? true, true, `${prefix}${name} refuses unknown options`)
    walk(option, `${prefix}${name}.`, visit)
  }
}

function configIsChecked({ plugin, options: { config = {} } }: Subjects): void {
  assert.doesNotThrow(() => testConfig(plugin, config))
  const { errors } = applySchema(plugin.schema, { ...config, no_such_option: 1 })
  assert.deepEqual(
    errors.map(({ keyword }) => keyword),
    ['additionalProperties']
  )
}

function createTouchesNothing({ plugin, options }: Subjects): void {
  const before = process.getActiveResourcesInfo()
  const { context } = make(plugin, options)
  assert.deepEqual(process.getActiveResourcesInfo(), before, 'no socket, file or timer is open')
  assert.equal(context.clock.timersSet, 0, 'no timer of the clock is set')
  assert.deepEqual(context.state, { state: 'ok' })
}

async function canBeFed({ plugin, options: { config }, context }: Subjects): Promise<void> {
  if (plugin.kind !== 'receiver' || plugin.feeding === undefined) return
  const { input, create = plugin.create } = plugin.feeding
  walk(input, 'input ', (path, option) =>
    assert.equal(typeof option.description, 'string', `${path} has a description`)
  )
  const receiver = create(testConfig(plugin, config), context, new Map())
  assert.equal(typeof receiver.feed, 'function', 'a receiver with feeding has a method feed')
  await stop(receiver)
}

async function startsAndStopsTwice({ instance }: Subjects): Promise<void> {
  await within('start', instance.start?.(signal()))
  await within('start, again,', instance.start?.(signal()))
  await stop(instance)
  await stop(instance)
}

async function completes({ instance }: Subjects): Promise<void> {
  let completed = 0
  ;(instance as Receiver).batches$.subscribe({ complete: () => completed++ })
  await within('start', instance.start?.(signal()))
  assert.equal(completed, 0, 'not before')
  await stop(instance)
  assert.equal(completed, 1)
}

async function exportsBlocks({ plugin, options, context, instance }: Subjects): Promise<void> {
  const exporter = instance as Exporter
  await within('start', exporter.start?.(signal()))
  try {
    for (const [name, block] of blocksFor(plugin, context.series)) {
      const done = within(`export of ${name}`, exporter.export(block, signal()))
      if (!options.unreachable) await done
      // Without a value that a store would take, nobody may have noticed.
      else if (!block.value.some(Number.isFinite)) await done.catch(() => {})
      else await assert.rejects(done, isRetryable, name)
    }
  } finally {
    await stop(exporter)
  }
}

/** An attempt whose signal fires is not waited for. If it goes on, such attempts pile up. */
async function endsInTime({ plugin, context, instance }: Subjects): Promise<void> {
  const exporter = instance as Exporter
  await within('start', exporter.start?.(signal()))
  try {
    const [, block] = blocksFor(plugin, context.series).find(([, { length }]) => length > 0)!
    const attempt = exporter.export(block, AbortSignal.timeout(ATTEMPT_MS)).catch(() => {})
    await within('an export whose signal has fired', attempt, SLACK_MS)
  } finally {
    await stop(exporter)
  }
}

const isRetryable = (error: unknown) => !ExportError.is(error) || error.retryable
