import type { ResolvedConfig } from '../config/resolved.ts'
import { readConfig } from '../config/validate.ts'
import { WeirError } from '../errors.ts'
import type { KafkaConnection } from '../kafka/connection.ts'
import { describeKafkaError } from '../kafka/errors.ts'
import { type Move, parseTarget, seek } from '../kafka/seek.ts'
import { EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

interface SeekOptions {
  readonly config: readonly string[]
  readonly receiver?: string
  readonly to: string
  readonly yes: boolean
}

interface KafkaReceiver extends KafkaConnection {
  readonly topic: string
  readonly group: string
}

/** Prints where a consumer group would go; with `yes` moves it there. */
export async function seekGroup(
  terminal: Terminal,
  { config: files, receiver, to, yes }: SeekOptions
): Promise<number> {
  const target = parseTarget(to)
  if (target === undefined) {
    terminal.error(`--to ${to}: give earliest, latest, an offset such as 1200, or a time such as 2026-11-01T00:00:00Z`)
    return EXIT.usage
  }
  const { config, problems } = await readConfig(files, process.env, terminal.registry)
  if (problems.all.length > 0) terminal.error(problems.format())
  if (config === undefined) return EXIT.invalid
  try {
    const { topic, group, ...connection } = receiverOf(config, receiver)
    const moves = await seek(connection, { topic, group }, target, yes)
    for (const move of moves) terminal.out(`${topic}/${move.partition}: ${describeMove(move)}`)
    terminal.out(
      yes
        ? `group ${group} begins there, without state`
        : `nothing is changed; with --yes group ${group} begins there, without state: windows that it had counted in part are counted from there on`
    )
    return EXIT.ok
  } catch (error) {
    terminal.error(WeirError.is(error) ? error.message : describeKafkaError(error))
    return EXIT.refused
  }
}

function receiverOf({ components }: ResolvedConfig, id: string | undefined): KafkaReceiver {
  const all = [...components.receiver.values()].filter(({ plugin }) => plugin.type === 'kafka')
  const found = id === undefined && all.length === 1 ? all[0] : all.find(own => own.id === id)
  if (found !== undefined) return found.config as KafkaReceiver
  const ids = all.map(own => own.id).join(', ')
  throw new WeirError(
    'CONFIG_INVALID',
    all.length === 0 ? 'the configuration has no kafka receiver' : `say which receiver, by --receiver: ${ids}`
  )
}

function describeMove({ from, to }: Move): string {
  if (from === undefined) return `nothing read yet → ${to}`
  const distance = Math.abs(to - from)
  const way = to < from ? `${distance} records again` : `${distance} records left out`
  return from === to ? `stays at ${to}` : `${from} → ${to} (${way})`
}
