import { AttributeDropper } from '../../core/model/attribute-dropper.ts'
import { select } from '../../core/model/select.ts'
import { SeriesMemo } from '../../core/model/series-memo.ts'
import {
  type Attributes,
  attributeText,
  type Block,
  type Context,
  type Explanation,
  findAttribute,
  formatDuration,
  type MapProcessor,
  type NamedSeries,
  NO_ATTRIBUTES,
  type Series
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { exposeMemory } from './instruments.ts'
import { LeaderElection, type SavedLeaderElection, type Vote } from './leader-election.ts'
import { openMode, sealMode } from './saved-mode.ts'

const MODE = 'ha_replica'

interface Labels {
  readonly cluster: string
  readonly replica: string
}

/**
 * Mode `ha_replica`: of replicas that send the same, one is let through. Items without such labels pass as they are.
 */
export class HaReplica implements MapProcessor {
  #context: Context
  #config: Config
  #election: LeaderElection
  #dropper: AttributeDropper
  #labels: SeriesMemo<Labels | undefined>

  constructor(config: Config, context: Context) {
    this.#config = config
    this.#context = context
    this.#election = new LeaderElection(config.failover_timeout, config.max_sources)
    this.#dropper = new AttributeDropper(
      context.series,
      [config.replica_label],
      (attributes, resource) => this.#labelsOf(attributes, resource) !== undefined
    )
    this.#labels = new SeriesMemo((series: Series) => this.#labelsOf(series.attributes, series.resource.attributes))
    const { instruments } = context
    exposeMemory(
      instruments,
      () => this.#election.size,
      () => this.#election.bytes
    )
    instruments.counter('failovers_total', 'Times another replica was elected.', () => this.#election.failovers)
  }

  process(block: Block): Block {
    const { account, clock } = this.#context
    const now = clock.now()
    const kept = new Int32Array(block.length)
    let length = 0
    let last: Labels | undefined
    let vote: Vote = 'elected'
    for (let i = 0; i < block.length; i++) {
      const labels =
        block.type === 'points' ? this.#labels.get(block.series, i) : this.#labelsOf(block.attributes[i], NO_ATTRIBUTES)
      if (labels !== undefined && (labels.cluster !== last?.cluster || labels.replica !== last.replica)) {
        vote = this.#election.vote(labels.cluster, labels.replica, now)
        last = labels
      }
      if (labels === undefined || vote === 'elected') kept[length++] = i
      else account.drop(vote)
    }
    return this.#dropper.block(length === block.length ? block : select(block, kept.subarray(0, length)))
  }

  explain(series: NamedSeries): Explanation {
    const labels = this.#labelsOf(series.attributes, series.resource)
    if (labels === undefined) return { fate: 'passes', why: 'it names no cluster and replica' }
    const { cluster_label, replica_label, failover_timeout } = this.#config
    const elected = this.#election.standing(labels.cluster, this.#context.clock.now())
    if (elected !== undefined && elected.replica !== labels.replica && elected.silentMs < failover_timeout) {
      const other = `${replica_label}="${elected.replica}" is elected in ${cluster_label}="${labels.cluster}"`
      const heard = `it was heard ${(elected.silentMs / 1000).toFixed(1)} s ago`
      return {
        fate: 'dropped',
        why: `not_elected: ${other}, and ${heard}; after ${formatDuration(failover_timeout)} another one is`
      }
    }
    const why = `its replica is the elected one of ${cluster_label}="${labels.cluster}"; ${replica_label} is taken off`
    return { fate: 'changes', why, outputs: [this.#dropper.named(series)] }
  }

  snapshot(): Uint8Array {
    return sealMode(MODE, this.#election.save())
  }

  restore(bytes: Uint8Array): void {
    this.#election.restore(openMode(MODE, bytes) as SavedLeaderElection)
  }

  #labelsOf(attributes: Attributes, resource: Attributes): Labels | undefined {
    const cluster =
      findAttribute(attributes, this.#config.cluster_label) ?? findAttribute(resource, this.#config.cluster_label)
    const replica =
      findAttribute(attributes, this.#config.replica_label) ?? findAttribute(resource, this.#config.replica_label)
    if (cluster === undefined || replica === undefined) return undefined
    return { cluster: attributeText(cluster), replica: attributeText(replica) }
  }
}
