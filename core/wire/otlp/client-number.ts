import { type Attributes, attributeText, findAttribute } from '../../model/attributes.ts'

/** Attributes of a resource by which a client names its requests, so that one that comes twice counts once. */
const CLIENT_ID = 'weir.client.id'
const CLIENT_EPOCH = 'weir.client.epoch'
const CLIENT_SEQUENCE = 'weir.client.seq'
export const CLIENT_ATTRIBUTES: ReadonlySet<string> = new Set([CLIENT_ID, CLIENT_EPOCH, CLIENT_SEQUENCE])

/** A name that {@link requestName} has made. A hash is one word. */
const NAME = /^client (\d+) (\d+) (.*)$/s

/** The number that a client gave a request. */
export interface ClientNumber {
  readonly client: string
  readonly epoch: number
  readonly seq: number
}

/** The name of the request in `Origin`. */
export const requestName = ({ client, epoch, seq }: ClientNumber) => `client ${epoch} ${seq} ${client}`

/** Undefined if the name is another one, such as a hash. */
export function clientNumberIn(name: string | undefined): ClientNumber | undefined {
  const [, epoch, seq, client] = NAME.exec(name ?? '') ?? []
  return client === undefined ? undefined : { client, epoch: Number(epoch), seq: Number(seq) }
}

/**
 * The number of an OTLP request, as parsed from JSON. Undefined if not every resource has it, as when a collector has
 * joined requests of several clients.
 */
export function clientNumberOf(request: unknown): ClientNumber | undefined {
  const resources = asList((request as Tree)?.resourceMetrics)
  const [first, ...others] = resources.map(numberOfResource)
  if (first === undefined) return undefined
  return others.every(other => other !== undefined && requestName(other) === requestName(first)) ? first : undefined
}

/** The number of an item, if it or its resource has all three attributes. */
export function clientNumberOfItem(attributes: Attributes, resource: Attributes): ClientNumber | undefined {
  const of = (name: string) => findAttribute(attributes, name) ?? findAttribute(resource, name)
  const client = of(CLIENT_ID)
  if (client === undefined) return undefined
  const [epoch, seq] = [asCount(of(CLIENT_EPOCH)), asCount(of(CLIENT_SEQUENCE))]
  return Number.isNaN(epoch) || Number.isNaN(seq) ? undefined : { client: attributeText(client), epoch, seq }
}

type Tree = { readonly [key: string]: unknown } | undefined | null

function numberOfResource(of: unknown): ClientNumber | undefined {
  const attributes = asList(((of as Tree)?.resource as Tree)?.attributes) as Tree[]
  const find = (key: string) => attributes.find(attribute => attribute?.key === key)?.value as Tree
  const client = find(CLIENT_ID)?.stringValue
  const [epoch, seq] = [CLIENT_EPOCH, CLIENT_SEQUENCE].map(key => asCount(find(key)?.intValue))
  if (typeof client !== 'string' || Number.isNaN(epoch) || Number.isNaN(seq)) return undefined
  return { client, epoch, seq }
}

/** A whole number from 0 on, or NaN. */
function asCount(value: unknown): number {
  const number = value === undefined || value === null || value === '' ? Number.NaN : Number(value)
  return Number.isSafeInteger(number) && number >= 0 ? number : Number.NaN
}

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
