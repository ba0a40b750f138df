import { type ConfigProblem, type ConfigSchema, duration } from '../../sdk/plugin/index.ts'

export interface Config {
  readonly mode: 'event_id' | 'sample' | 'request' | 'client_seq' | 'ha_replica'
  /** ms */
  readonly window: number
  readonly memory: 'exact' | 'probabilistic'
  readonly false_positive_rate: number
  readonly max_entries: number
  readonly conflict: 'keep_first' | 'pass'
  readonly max_reorder: number
  readonly max_sources: number
  readonly cluster_label: string
  readonly replica_label: string
  /** ms */
  readonly failover_timeout: number
}

/** Rarer than this, 32 bits an entry cannot promise. */
const LEAST_FALSE_POSITIVE_RATE = 1e-7
const SHORTEST_WINDOW_MS = 1000

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    mode: {
      type: 'string',
      enum: ['event_id', 'sample', 'request', 'client_seq', 'ha_replica'],
      description:
        'The items that are duplicates: events of one id; points of one series and time; requests of the same bytes; items with one number of a client; items of replicas of one cluster.',
      default: 'event_id'
    },
    window: duration({
      description: 'How long something is remembered: at least this, at most an eighth longer. At least 1s.',
      default: '10m'
    }),
    memory: {
      type: 'string',
      enum: ['exact', 'probabilistic'],
      description:
        'exact: 128-bit fingerprints, 28 to 56 bytes an entry. probabilistic: about 2.5 bytes an entry (5 below a rate of 0.001); takes a new item for a duplicate at false_positive_rate. For event_id and request.',
      default: 'exact'
    },
    false_positive_rate: {
      type: 'number',
      minimum: LEAST_FALSE_POSITIVE_RATE,
      maximum: 0.1,
      description: 'With probabilistic memory: the most new items that may be dropped as duplicates, as a share.',
      default: 0.001
    },
    max_entries: {
      type: 'integer',
      minimum: 64,
      description: 'Most ids, samples or requests remembered; beyond it the oldest are evicted early, and counted.',
      default: 4_000_000
    },
    conflict: {
      type: 'string',
      enum: ['keep_first', 'pass'],
      description:
        'A sample with the series and time of another but a different value. keep_first: drop it as conflicting_sample. pass: let each different value through once, and count it.',
      default: 'keep_first'
    },
    max_reorder: {
      type: 'integer',
      minimum: 32,
      maximum: 65_536,
      description: 'client_seq: how far a number may come behind the highest of its client and still be told apart.',
      default: 1024
    },
    max_sources: {
      type: 'integer',
      minimum: 1,
      description:
        'client_seq: clients remembered, the longest silent goes first. ha_replica: clusters, further ones are dropped.',
      default: 100_000
    },
    cluster_label: {
      type: 'string',
      minLength: 1,
      description: 'ha_replica: attribute, of the point or else of its resource, that names the cluster.',
      default: 'cluster'
    },
    replica_label: {
      type: 'string',
      minLength: 1,
      description: 'ha_replica: attribute that tells the replicas of a cluster apart; it is taken off.',
      default: '__replica__'
    },
    failover_timeout: duration({
      description: 'ha_replica: after this much silence of the elected replica, the next one to send is elected.',
      default: '30s'
    })
  }
}

export function check(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  if (config.window < SHORTEST_WINDOW_MS) problems.push({ path: ['window'], message: 'it must be at least 1s' })
  if (config.memory === 'probabilistic' && config.mode !== 'event_id' && config.mode !== 'request') {
    const why =
      config.mode === 'sample' ? 'values must be remembered to tell a conflict' : 'it has a small memory of its own'
    problems.push({ path: ['memory'], message: `${config.mode} has no probabilistic memory: ${why}; leave it out` })
  }
  if (config.mode === 'ha_replica' && config.cluster_label === config.replica_label)
    problems.push({ path: ['replica_label'], message: 'it must differ from cluster_label' })
  return problems
}
