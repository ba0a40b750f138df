import assert from 'node:assert/strict'
import type { Batch, Origin, Processor, ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { ProcessorHarness, type TestContext, testBatch, testConfig, testContext } from '../../sdk/plugin/testing.ts'
import { EPOCH, parseItems, parseTime, printItems, printTime } from './items.ts'

const COMMAND = /^(?:tick .+|restart|crash|full|room)$/
const FROM = /^from (\S+)(?: request=(\S+))?$/

/**
 * What a processor with `options` makes of `input`: both as README.md says.
 *
 * @param replayed whether there is a journal, so that what is emitted may follow from the input and the clock alone
 */
export async function runCase(
  plugin: ProcessorPlugin,
  options: Record<string, unknown>,
  input: string,
  replayed = false
): Promise<string> {
  const run = new CaseRun(plugin, options, replayed)
  await run.begin()
  for (const paragraph of input.split(/\n\s*\n/)) {
    const lines = paragraph.split('\n').map(line => line.replace(/(^|\s)#.*/, '').trim())
    await run.paragraph(lines.filter(line => line !== ''))
  }
  await run.end('the end')
  return run.output
}

/** A processor between a sender and an exporter, over as many starts as the case has. */
class CaseRun {
  #plugin: ProcessorPlugin
  #options: Record<string, unknown>
  #replayed: boolean
  #context!: TestContext
  #processor!: Processor
  #harness!: ProcessorHarness
  #groups: { readonly title: string; readonly lines: string[] }[] = []
  #isTellingBatch = false
  /** Whether the exporter nacks what it gets. */
  #isFull = false
  /** What the stream completes for. */
  #ending: string | undefined
  #dropsTold = new Map<string, number>()

  constructor(plugin: ProcessorPlugin, options: Record<string, unknown>, replayed: boolean) {
    this.#plugin = plugin
    this.#options = options
    this.#replayed = replayed
  }

  get output(): string {
    return this.#groups.map(({ title, lines }) => `${[title, ...lines].join('\n')}\n`).join('\n')
  }

  async begin(now = EPOCH, state?: Uint8Array): Promise<void> {
    this.#context = { ...testContext(this.#plugin.type), durable: true, replayed: this.#replayed }
    this.#context.clock.advanceTo(now)
    this.#processor = this.#plugin.create(testConfig(this.#plugin, this.#options), this.#context)
    if (state !== undefined) this.#processor.restore!(state)
    await this.#processor.start?.(new AbortController().signal)
    this.#dropsTold.clear()
    const downstream = (batch: Batch) => {
      this.#tellBatch(printItems(batch.block))
      if (this.#isFull) batch.nack(new Error('the exporter is full'))
      else batch.ack()
    }
    this.#harness = new ProcessorHarness(this.#processor, this.#context, { downstream }).open()
  }

  async paragraph(lines: readonly string[]): Promise<void> {
    let items: string[] = []
    let origin: Origin = { source: 'test' }
    const sendItems = async () => {
      if (items.length > 0) await this.#send(items, origin)
      items = []
    }
    for (const line of lines) {
      const [, source, request] = FROM.exec(line) ?? []
      if (source === undefined && !COMMAND.test(line)) items.push(line)
      else await sendItems()
      if (source !== undefined) origin = { source, request: request === undefined ? undefined : () => request }
      else if (line.startsWith('tick ')) await this.#tick(parseTime(line.slice(5)))
      else if (line === 'restart') await this.#restart()
      else if (line === 'crash') await this.#goOn()
      else if (line === 'full' || line === 'room') this.#isFull = line === 'full'
    }
    await sendItems()
  }

  /** The stream completes, as it does when Weir stops; nobody may owe anything then. */
  async end(title: string): Promise<void> {
    this.#ending = title
    void this.#harness.finish()
    await this.#turn()
    this.#ending = undefined
    await this.#processor.stop?.(new AbortController().signal)
    assert.equal(this.#context.account.imbalance, 0, 'the ledger adds up')
  }

  async #send(items: readonly string[], origin: Origin): Promise<void> {
    const { batch, settled } = testBatch(parseItems(items, this.#context.series), origin)
    settled.then(outcome => outcome.status === 'nacked' && this.#tell(`refused: ${outcome.error.message}`))
    this.#harness.push(batch)
    await this.#turn()
  }

  async #restart(): Promise<void> {
    await this.end('restart')
    await this.#goOn()
  }

  /** Another process does, from what this one wrote down. */
  #goOn(): Promise<void> {
    return this.begin(this.#context.clock.now(), this.#processor.snapshot?.())
  }

  async #tick(time: number): Promise<void> {
    const { clock } = this.#context
    while (clock.nextTimer <= time) {
      clock.advanceTo(clock.nextTimer)
      await this.#turn()
    }
    clock.advanceTo(time)
  }

  /** What promises have still to do, and what was dropped by then. */
  async #turn(): Promise<void> {
    await new Promise(setImmediate)
    for (const [reason, items] of this.#context.account.dropped) {
      const news = items - (this.#dropsTold.get(reason) ?? 0)
      this.#dropsTold.set(reason, items)
      if (news > 0) this.#tell(`dropped ${news} ${reason}`)
    }
  }

  #tellBatch(lines: readonly string[]): void {
    const follows = this.#isTellingBatch && this.#groups.at(-1)?.title === this.#title
    this.#tell(...(follows ? ['--'] : []), ...lines)
    this.#isTellingBatch = true
  }

  #tell(...lines: string[]): void {
    const title = this.#title
    if (this.#groups.at(-1)?.title !== title) this.#groups.push({ title, lines: [] })
    this.#groups.at(-1)!.lines.push(...lines)
    this.#isTellingBatch = false
  }

  get #title(): string {
    return this.#ending ?? `at ${printTime(this.#context.clock.now())}`
  }
}
