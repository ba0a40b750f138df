import type { Attribute } from '../../sdk/plugin/index.ts'

/** Ways to write tags into the name, before there was `|#tag:value`; each by the tool that brought it. */
export const TAG_FORMATS = ['influx', 'librato', 'signalfx', 'graphite'] as const
export type TagFormat = (typeof TAG_FORMATS)[number]

/** The value of a tag without a value. An empty one would vanish in Prometheus. */
export const BARE_TAG_VALUE = 'true'

interface Form {
  /** Takes a name apart: the part before the tags, the tags, and the part after them. */
  readonly pattern: RegExp
  readonly separator: string
}

// https://docs.influxdata.com/telegraf/v1/input-plugins/statsd/ (influx), https://github.com/librato/statsd-librato-backend,
// https://github.com/signalfx/statsd_exporter, https://graphite.readthedocs.io/en/latest/tags.html
const FORMS: Readonly<Record<TagFormat, Form>> = {
  influx: { pattern: /^([^,=]+),([^,=]+=.*)()$/s, separator: ',' },
  librato: { pattern: /^([^#]+)#([^,=]+=.*)()$/s, separator: ',' },
  signalfx: { pattern: /^([^[]*)\[([^\]=,]+=[^\]]*)\](.*)$/s, separator: ',' },
  graphite: { pattern: /^([^;]+);([^;=]+=.*)()$/s, separator: ';' }
}

export interface NameAndTags {
  readonly name: string
  readonly attributes: Attribute[]
}

/** Reads the tags that names hold, in the formats that are asked for. */
export class TaggedNames {
  #formats: readonly TagFormat[]
  #onUnread: (format: TagFormat, name: string) => void

  /** @param onUnread told of a name that holds tags in a format that was not asked for: they stay in the name */
  constructor(formats: readonly TagFormat[], onUnread: (format: TagFormat, name: string) => void = () => {}) {
    this.#formats = formats
    this.#onUnread = onUnread
  }

  read(text: string): NameAndTags {
    for (const format of TAG_FORMATS) {
      const { pattern, separator } = FORMS[format]
      const [, before, tags, after] = pattern.exec(text) ?? []
      if (tags === undefined || before + after === '') continue
      if (this.#formats.includes(format)) return { name: before + after, attributes: pairs(tags, separator) }
      this.#onUnread(format, text)
    }
    return { name: text, attributes: [] }
  }
}

function pairs(tags: string, separator: string): Attribute[] {
  return tags.split(separator).flatMap(tag => {
    const at = tag.indexOf('=')
    const key = at < 0 ? tag : tag.slice(0, at)
    return key === '' ? [] : [[key, at < 0 ? BARE_TAG_VALUE : tag.slice(at + 1)] satisfies Attribute]
  })
}
