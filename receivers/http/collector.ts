import { EventBlockBuilder } from '../../core/model/event-builder.ts'
import { BadEvent, type EventFormat } from '../../core/wire/events/event.ts'
import { BadInputError, type EventBlock, type ItemLimits, type Refusal } from '../../sdk/plugin/index.ts'
import type { EventSchemas } from './schemas.ts'

// Enough to see the fault; a body may hold a million.
const MAX_ERRORS = 10
// More lines than this that do not parse, each an exception, are no NDJSON; a body of them would take half a minute.
const MAX_MALFORMED = 10_000

export interface UnfitEvents {
  readonly refusal: Refusal
  readonly block: EventBlock
}

export interface ReadEvents {
  readonly block: EventBlock
  /** Events left out, by reason. */
  readonly rejected: ReadonlyMap<string, number>
  readonly rejectedTotal: number
  /** Events that do not fit their schemas, by reason. They are among those left out. */
  readonly unfit: readonly UnfitEvents[]
  /** The first ten, with `index` from 0 in JSON and `line` from 1 in NDJSON. */
  readonly errors: readonly { readonly index?: number; readonly line?: number; readonly message: string }[]
}

/** Gathers the events of one body in columns. */
export class Collector {
  readonly #rejected = new Map<string, number>()
  readonly #errors: { index?: number; line?: number; message: string }[] = []
  #rejectedTotal = 0
  #malformed = 0
  readonly #format: EventFormat
  readonly #now: number
  readonly #limits: ItemLimits
  readonly #schemas: EventSchemas | undefined
  readonly #builder: EventBlockBuilder
  readonly #maxBytes: number
  /** By reason, with the message of the first. */
  readonly #unfit = new Map<string, { readonly error: string; readonly builder: EventBlockBuilder }>()

  constructor(
    format: EventFormat,
    now: number,
    limits: ItemLimits,
    maxBytes: number,
    schemas: EventSchemas | undefined
  ) {
    this.#schemas = schemas
    this.#format = format
    this.#now = now
    this.#limits = limits
    this.#maxBytes = maxBytes
    this.#builder = new EventBlockBuilder(maxBytes)
  }

  /** Memory of the events, in bytes. */
  get bytes(): number {
    return this.#builder.bytes + this.unfitBytes
  }

  /** Memory of the events that do not fit, in bytes. */
  get unfitBytes(): number {
    let bytes = 0
    for (const { builder } of this.#unfit.values()) bytes += builder.bytes
    return bytes
  }

  add(unit: 'index' | 'line', place: number, json: unknown): void {
    const event = this.#format.read(json, this.#now, this.#limits)
    if (event instanceof BadEvent) return this.#reject(unit, place, event)
    const flaw = this.#schemas?.check(event)
    if (flaw !== undefined) this.#reject(unit, place, flaw)
    const builder = flaw === undefined ? this.#builder : this.#unfitBuilder(flaw)
    builder.add(event.time, event.name, event.attributes, event.id, event.value)
  }

  /** A line that is not JSON. */
  addMalformed(line: number, message: string): void {
    this.#reject('line', line, new BadEvent('malformed', () => message))
    if (++this.#malformed > MAX_MALFORMED)
      throw new BadInputError(`more than ${MAX_MALFORMED} lines are not JSON, first: ${this.#errors[0].message}`)
  }

  #unfitBuilder({ reason, message }: BadEvent): EventBlockBuilder {
    const known = this.#unfit.get(reason)
    if (known !== undefined) return known.builder
    const builder = new EventBlockBuilder(this.#maxBytes)
    this.#unfit.set(reason, { error: message(), builder })
    return builder
  }

  #reject(unit: 'index' | 'line', place: number, { reason, message }: BadEvent): void {
    this.#rejectedTotal++
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1)
    if (this.#errors.length < MAX_ERRORS) this.#errors.push({ [unit]: place, message: message() })
  }

  finish(): ReadEvents {
    const block = this.#builder.build()
    const unfit = [...this.#unfit].map(([reason, { error, builder }]) => ({
      refusal: { reason, error },
      block: builder.build()
    }))
    return { block, unfit, rejected: this.#rejected, rejectedTotal: this.#rejectedTotal, errors: this.#errors }
  }
}
