import type { KafkaRecord } from '@platformatic/kafka'
import { WeirRecordDecoder } from '../../core/kafka/weir-record.ts'
import { EventBlockBuilder } from '../../core/model/event-builder.ts'
import { BadEvent } from '../../core/wire/events/event.ts'
import { weirFormat } from '../../core/wire/events/weir-format.ts'
import { readJson } from '../../core/wire/json.ts'
import { decodeLogs } from '../../core/wire/otlp/logs-decoder.ts'
import { OtlpMetricsDecoder } from '../../core/wire/otlp/metrics-decoder.ts'
import { BadInputError, type Block, type Context, DEFAULT_LIMITS } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'

const NONE: ReadonlyMap<string, number> = new Map()

export interface Decoded {
  readonly block: Block
  /** Items that were left out, by reason. */
  readonly rejected: ReadonlyMap<string, number>
}

/** Reads the value of a record. The same bytes make the same items, whenever and wherever. */
export class RecordDecoder {
  readonly #decode: (value: Buffer, time: number) => Decoded

  constructor({ encoding, signal }: Pick<Config, 'encoding' | 'signal'>, { series, credits }: Context) {
    const maxBytes = credits.capacity
    const metrics = new OtlpMetricsDecoder(series, { maxBytes })
    const records = new WeirRecordDecoder(series)
    if (encoding === 'weir') this.#decode = value => ({ block: records.decode(value), rejected: NONE })
    else if (encoding === 'json') this.#decode = (value, time) => decodeJson(value, time, maxBytes)
    else if (signal === 'logs') this.#decode = (value, time) => asDecoded(decodeLogs(value, time, { maxBytes }))
    else this.#decode = (value, time) => asDecoded(metrics.decode(value, time))
  }

  /** Throws `BadInputError`. @param time Unix ms, of items that have none */
  decode({ value }: Pick<KafkaRecord, 'value'>, time: number): Decoded {
    if (value === null) throw new BadInputError('the record has no value', 'no_value')
    return this.#decode(value, time)
  }
}

function asDecoded({
  block,
  rejections
}: {
  readonly block: Block
  readonly rejections: { readonly items: Iterable<[string, number]> }
}): Decoded {
  return { block, rejected: new Map(rejections.items) }
}

function decodeJson(value: Buffer, time: number, maxBytes: number): Decoded {
  const builder = new EventBlockBuilder(maxBytes)
  const rejected = new Map<string, number>()
  readJson(value.toString(), json => {
    for (const item of weirFormat.list(json)) {
      const event = weirFormat.read(item, time, DEFAULT_LIMITS)
      if (event instanceof BadEvent) rejected.set(event.reason, (rejected.get(event.reason) ?? 0) + 1)
      else builder.add(event.time, event.name, event.attributes, event.id, event.value)
    }
  })
  if (builder.length === 0) throw new BadInputError('the record has no event that can be read', 'malformed')
  return { block: builder.build(), rejected }
}
