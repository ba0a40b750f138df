import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { TENANT } from '../../core/model/tenant.ts'
import { BadEvent, type Event } from '../../core/wire/events/event.ts'
import { attributeText, type EventBlock, findAttribute } from '../../sdk/plugin/index.ts'

/** `order.json`, or `order.v2.json` for a version; the name may be written as in a URL. */
const FILE_NAME = /^(.+?)(?:\.v(\d{1,9}))?\.json$/
const VERSION_ATTRIBUTE = 'schema_version'

export interface SchemaOptions {
  /** Empty: none. */
  readonly folder: string
  /** Events of names that have no schema. */
  readonly unknown: 'accept' | 'refuse'
}

/** JSON Schemas of events' attributes, by the name of the event and by version. */
export class EventSchemas {
  readonly #unknown: SchemaOptions['unknown']
  readonly #versions: ReadonlyMap<string, ReadonlyMap<number, ValidateFunction>>

  private constructor(unknown: SchemaOptions['unknown'], versions: ReadonlyMap<string, Map<number, ValidateFunction>>) {
    this.#unknown = unknown
    this.#versions = versions
  }

  /** Throws if a file cannot be read, or is no JSON Schema. */
  static async load({ folder, unknown }: SchemaOptions): Promise<EventSchemas> {
    const versions = new Map<string, Map<number, ValidateFunction>>()
    const ajv = new Ajv({ strict: false, validateFormats: false })
    for (const file of (await readdir(folder)).sort()) {
      const [, encoded, version = '1'] = FILE_NAME.exec(file) ?? []
      if (encoded === undefined) continue
      const name = decodeURIComponent(encoded)
      const known = versions.get(name) ?? new Map<number, ValidateFunction>()
      if (known.has(Number(version))) throw new Error(`${folder} has version ${version} of ${name} twice`)
      versions.set(name, known.set(Number(version), await compile(ajv, path.join(folder, file))))
    }
    return new EventSchemas(unknown, versions)
  }

  /** Why an event is refused, if it is. One that names no version has to fit the newest. */
  check({ name, attributes }: Pick<Event, 'name' | 'attributes'>): BadEvent | undefined {
    const versions = this.#versions.get(name)
    if (versions === undefined)
      return this.#unknown === 'accept'
        ? undefined
        : new BadEvent('unknown_event', () => `there is no schema of ${JSON.stringify(name)}`)
    const named = findAttribute(attributes, VERSION_ATTRIBUTE)
    const version = named === undefined ? Math.max(...versions.keys()) : Number(attributeText(named))
    const validate = versions.get(version)
    if (validate === undefined) {
      const known = [...versions.keys()].join(', ')
      return new BadEvent(
        'unknown_schema_version',
        () => `${name} has the versions ${known}, not ${attributeText(named!)}`
      )
    }
    if (validate(Object.fromEntries(attributes))) return undefined
    const [error] = validate.errors!
    return new BadEvent('schema_mismatch', () => `does not fit version ${version} of ${name}: ${describe(error)}`)
  }
}

/** The events of a dead letter that do not fit the schemas as they are now, by index, with the reason. */
export async function recheck(options: SchemaOptions, block: EventBlock): Promise<Map<number, string>> {
  const refused = new Map<number, string>()
  if (options.folder === '') return refused
  const schemas = await EventSchemas.load(options)
  for (const [i, name] of block.name.entries()) {
    // The tenant was added by Weir, and no schema need know of it.
    const attributes = block.attributes[i].filter(([key]) => key !== TENANT)
    const flaw = schemas.check({ name, attributes })
    if (flaw !== undefined) refused.set(i, flaw.message())
  }
  return refused
}

const describe = ({ instancePath, message }: ErrorObject) => `attributes${instancePath.replaceAll('/', '.')} ${message}`

async function compile(ajv: Ajv, file: string): Promise<ValidateFunction> {
  try {
    return ajv.compile(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    throw new Error(`${file} is not a JSON Schema of draft-07`, { cause })
  }
}
