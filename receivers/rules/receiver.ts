import { labelling } from '../../core/http/tenants/label.ts'
import { QueryService } from '../../core/queries/query-service.ts'
import type { QueryRequest } from '../../core/queries/requests.ts'
import { UseNotes } from '../../core/queries/uses/use-notes.ts'
import type { RulesHost, SavedGroup } from '../../core/rules/group-evaluation.ts'
import { vectorOf } from '../../core/rules/query-results.ts'
import type { RuleGroup } from '../../core/rules/rule-group.ts'
import { groupStatus } from '../../core/rules/rule-status.ts'
import type { RuleSample, VectorResult } from '../../core/rules/samples.ts'
import { AutoRetry, type Block, type Context, describeError, type Receiver } from '../../sdk/plugin/index.ts'
import { Alertmanagers } from './alertmanagers.ts'
import { type Config, serviceOptions } from './config.ts'
import { GroupLoop, type LoopEvents } from './group-loop.ts'
import { RuleFiles } from './rule-files.ts'
import { RulePoints } from './rule-points.ts'

const FILES_INTERVAL_MS = 10_000
const TENANT_LABEL = 'weir_tenant'

/** State between two runs: alerts by group. */
type SavedState = Readonly<Record<string, SavedGroup>>

/** Evaluates rule files on an exporter's store. What rules record goes into the pipeline like other points. */
export class RulesReceiver implements Receiver {
  readonly #config: Config
  readonly #context: Context
  readonly #files: RuleFiles
  readonly #queries: QueryService
  readonly #uses: UseNotes
  readonly #output: AutoRetry
  readonly #points: RulePoints
  readonly #labelled: (block: Block) => Block
  readonly #alertmanagers: Alertmanagers
  readonly #stopping = new AbortController()
  readonly #counters: Readonly<Record<'evaluations' | 'failures' | 'missed', { add(value: number): void }>>
  /** By file and name of the group. */
  #loops = new Map<string, GroupLoop>()
  #saved: SavedState = {}
  #cancelTimer = () => {}
  readonly #removeSource: () => void

  constructor(config: Config, context: Context) {
    this.#config = config
    this.#context = context
    this.#files = new RuleFiles(config.files)
    this.#queries = this.#makeQueries()
    this.#uses = new UseNotes(context, 'rule')
    this.#output = new AutoRetry(context)
    this.#points = new RulePoints(context, config.limits)
    this.#labelled = labelling(config.tenant, context)
    this.#alertmanagers = new Alertmanagers(config, context)
    const { instruments } = context
    this.#counters = {
      evaluations: instruments.counter('evaluations_total', 'Evaluations of rules.'),
      failures: instruments.counter('evaluation_failures_total', 'Evaluations of rules that failed.'),
      missed: instruments.counter('missed_iterations_total', 'Evaluations of groups that others took the time of.')
    }
    instruments.gauge('groups', 'Groups of rules.', () => this.#loops.size)
    instruments.gauge('active_alerts', 'Alerts that are pending or firing.', () => this.#activeAlerts)
    this.#removeSource = context.stores.addRules(() => Array.from(this.#loops.values(), groupStatus))
  }

  get batches$() {
    return this.#output.batches$
  }

  /** Throws `CONFIG_INVALID` with all faults of the rule files. */
  async start(): Promise<void> {
    this.#apply(this.#files.read() ?? [])
    this.#look()
    this.#context.announce(`Rules of ${this.#loops.size} groups, on ${this.#config.store}`)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#cancelTimer()
    this.#removeSource()
    for (const loop of this.#loops.values()) loop.stop()
    this.#alertmanagers.close()
    this.#output.close()
    await this.#queries.close()
  }

  snapshot(): Uint8Array {
    const groups = Array.from(this.#loops, ([key, { evaluation }]) => [key, evaluation.save()])
    return new TextEncoder().encode(JSON.stringify({ version: 1, groups: Object.fromEntries(groups) }))
  }

  restore(state: Uint8Array): void {
    const { version, groups } = JSON.parse(new TextDecoder().decode(state))
    if (version !== 1) throw new Error(`the state of rules has version ${version}, which this Weir does not know`)
    this.#saved = groups
  }

  get #activeAlerts(): number {
    const rules = [...this.#loops.values()].flatMap(({ evaluation }) => evaluation.rules)
    return rules.reduce((sum, { alerts }) => sum + (alerts?.active.length ?? 0), 0)
  }

  #makeQueries(): QueryService {
    const { stores } = this.#context
    return new QueryService(() => stores.find(this.#config.store), serviceOptions(this.#config), this.#context)
  }

  /** Looks at the files now and then. While they have faults, the rules from before go on. */
  #look(): void {
    this.#cancelTimer = this.#context.clock.setTimer(FILES_INTERVAL_MS, () => {
      try {
        const groups = this.#files.read()
        if (groups !== undefined) this.#apply(groups)
        if (groups !== undefined) this.#context.status('ok')
      } catch (error) {
        const reason = `the rule files have changed, and cannot be used: ${describeError(error)}`
        this.#context.status('degraded', reason)
        this.#context.log.error(reason)
      }
      this.#look()
    })
  }

  /** Groups that were there keep their alerts. Series of those that are gone end. */
  #apply(groups: readonly RuleGroup[]): void {
    const before = this.#loops
    const saved = {
      ...this.#saved,
      ...Object.fromEntries(Array.from(before, ([key, { evaluation }]) => [key, evaluation.save()]))
    }
    this.#loops = new Map(groups.map(group => [keyOf(group), this.#loopOf(group, saved[keyOf(group)])]))
    for (const [key, loop] of before) {
      if (this.#loops.has(key)) loop.stop()
      else loop.end()
    }
    for (const loop of this.#loops.values()) loop.start()
    this.#saved = {}
  }

  #loopOf(group: RuleGroup, saved: SavedGroup | undefined): GroupLoop {
    const { evaluation_interval, query_offset } = this.#config
    const options = { intervalMs: evaluation_interval, queryOffsetMs: query_offset }
    const loop = new GroupLoop(group, options, this.#host(), this.#context.clock, this.#events())
    if (saved !== undefined) loop.evaluation.restore(saved)
    return loop
  }

  #host(): RulesHost {
    const { external_labels, external_url } = this.#config
    return {
      externalLabels: external_labels,
      externalUrl: external_url,
      ask: (query, time) => this.#ask(query, time),
      elapsed: () => performance.now()
    }
  }

  #events(): LoopEvents {
    return {
      emit: samples => this.#emit(samples),
      evaluated: (loop, now) => this.#evaluated(loop, now),
      missed: evaluations => this.#counters.missed.add(evaluations)
    }
  }

  #emit(samples: readonly RuleSample[]): void {
    const block = this.#labelled(this.#points.block(samples))
    if (block.length > 0) this.#output.push(block)
  }

  #evaluated({ evaluation, intervalMs }: GroupLoop, now: number): void {
    const failed = evaluation.rules.filter(({ lastError }) => lastError !== undefined)
    this.#counters.evaluations.add(evaluation.rules.length)
    this.#counters.failures.add(failed.length)
    for (const { rule, lastError } of failed)
      this.#context.log.warn({ group: evaluation.group.name, rule: rule.name, err: lastError }, 'a rule failed')
    for (const { rule, templateError } of evaluation.rules.filter(({ templateError }) => templateError !== undefined))
      this.#context.log.warn({ group: evaluation.group.name, rule: rule.name, err: templateError }, 'a template failed')
    if (!this.#alertmanagers.isNeeded) return
    const due = evaluation.toSend(now, this.#config.resend_delay, intervalMs)
    if (due.length > 0) void this.#alertmanagers.send(due)
  }

  async #ask(text: string, time: number): Promise<VectorResult[]> {
    const { tenant } = this.#config
    const required = tenant === undefined ? [] : [[TENANT_LABEL, tenant] as const]
    const options = { limit: 0, lookbackMs: undefined, stats: false }
    const asker = { tenant: tenant ?? '', required, signal: this.#stopping.signal }
    const request: QueryRequest = { kind: 'query', text, time, options }
    this.#uses.note(request)
    const { data } = await this.#queries.ask(request, asker)
    return vectorOf(data)
  }
}

const keyOf = ({ file, name }: RuleGroup) => `${file};${name}`
