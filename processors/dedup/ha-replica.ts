import { select } from '../../core/model/select.ts'
import { SeriesCache } from '../../core/model/series-cache.ts'
import {
  type Attributes,
  attributeText,
  type Block,
  type Context,
  findAttribute,
  type MapProcessor,
  NO_ATTRIBUTES,
  type Series
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { Elections, type SavedElections, type Vote } from './elections.ts'
import { exposeMemory } from './instruments.ts'
import { openMode, sealMode } from './saved-mode.ts'
import { Stripper } from './strip.ts'

const MODE = 'ha_replica'

interface Labels {
  readonly cluster: string
  readonly replica: string
}

/** Mode `ha_replica`: of replicas that send the same, one is let through. What has no such labels passes as it is. */
export class HaReplica implements MapProcessor {
  #context: Context
  #config: Config
  #elections: Elections
  #stripper: Stripper
  #labels: SeriesCache<Labels | undefined>

  constructor(config: Config, context: Context) {
    this.#config = config
    this.#context = context
    this.#elections = new Elections(config.failover_timeout, config.max_sources)
    this.#stripper = new Stripper(
      context.series,
      [config.replica_label],
      (attributes, resource) => this.#labelsOf(attributes, resource) !== undefined
    )
    this.#labels = new SeriesCache((series: Series) => this.#labelsOf(series.attributes, series.resource.attributes))
    const { instruments } = context
    exposeMemory(
      instruments,
      () => this.#elections.size,
      () => this.#elections.bytes
    )
    instruments.counter('failovers_total', 'Times another replica was elected.', () => this.#elections.failovers)
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
        block.type === 'points' ? this.#labels.get(block.series[i]) : this.#labelsOf(block.attributes[i], NO_ATTRIBUTES)
      if (labels !== undefined && (labels.cluster !== last?.cluster || labels.replica !== last.replica)) {
        vote = this.#elections.vote(labels.cluster, labels.replica, now)
        last = labels
      }
      if (labels === undefined || vote === 'elected') kept[length++] = i
      else account.drop(vote)
    }
    return this.#stripper.block(length === block.length ? block : select(block, kept.subarray(0, length)))
  }

  snapshot(): Uint8Array {
    return sealMode(MODE, this.#elections.save())
  }

  restore(bytes: Uint8Array): void {
    this.#elections.restore(openMode(MODE, bytes) as SavedElections)
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
