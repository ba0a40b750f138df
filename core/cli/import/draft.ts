import { Block, type Yaml } from './yaml.ts'

export type Section = 'receivers' | 'processors' | 'exporters'

const SECTIONS: readonly Section[] = ['receivers', 'processors', 'exporters']

export interface Pipeline {
  readonly items?: readonly string[]
  readonly receivers: readonly string[]
  readonly processors: readonly string[]
  readonly exporters: readonly string[]
}

/** A configuration of Weir while it is written. */
export class Draft {
  readonly #sections: Record<Section, Block> = {
    receivers: new Block(),
    processors: new Block(),
    exporters: new Block()
  }
  readonly #head: string[]
  readonly #sectionComments = new Map<Section, string>()
  readonly service = new Block()
  readonly authenticators = new Block()
  readonly pipelines = new Block()
  /** Sentences for people on what stops data, or the whole configuration. */
  readonly broken: string[] = []
  #notes = 0

  /** @param head comments at the top of the file */
  constructor(...head: readonly string[]) {
    this.#head = [...head]
  }

  /** Comments so far on what has no twin. */
  get notes(): number {
    return this.#notes
  }

  get hasPipelines(): boolean {
    return this.pipelines.size > 0
  }

  /** Adds a comment at the top of the file. */
  noteAtTop(comment: string): void {
    this.#notes++
    this.#head.push(comment)
  }

  /** As {@link break}, at the top of the file. */
  breakAtTop(sentence: string): void {
    this.broken.push(sentence)
    this.noteAtTop(sentence)
  }

  /** Adds a comment on something that has no twin, above the next entry of the section. */
  note(where: Section | Block, comment: string): void {
    this.#notes++
    const block = where instanceof Block ? where : this.#sections[where]
    block.note(comment)
  }

  /** Adds a comment of the user's own above a section. */
  keepSectionComment(section: Section, comment: string | undefined): void {
    if (comment !== undefined) this.#sectionComments.set(section, comment)
  }

  /** Adds a comment of several lines above a block or the next entry, of which so many are on what has no twin. */
  noteOn(where: Section | Block, lines: readonly string[], notes: number): void {
    this.#notes += notes
    for (const line of lines) {
      if (where instanceof Block) where.title(line)
      else this.#sections[where].note(line)
    }
  }

  /** Adds a comment of the user's own above the next entry. */
  keepComment(where: Section | Block, comment: string | undefined): void {
    if (comment === undefined) return
    const block = where instanceof Block ? where : this.#sections[where]
    block.note(comment)
  }

  /** The data differ, or do not come: a sentence for people, which is a comment too. */
  break(where: Section | Block, sentence: string): void {
    this.broken.push(sentence)
    this.note(where, sentence)
  }

  /**
   * Adds a component. Returns its id: `type` or `type/name`; if this is taken, with the first free number.
   * @param notes comments above it on what has no twin
   */
  add(section: Section, id: string, options: Yaml, notes: readonly string[] = []): string {
    const block = this.#sections[section]
    const free = this.#freeId(block, id)
    for (const note of notes) this.note(section, note)
    block.set(free, asBlock(options))
    return free
  }

  addPipeline(name: string, { items, receivers, processors, exporters }: Pipeline): void {
    const pipeline = new Block()
    if (items !== undefined) pipeline.set('items', items)
    pipeline.set('receivers', receivers)
    if (processors.length > 0) pipeline.set('processors', processors)
    if (exporters.length > 0) pipeline.set('exporters', exporters)
    this.pipelines.set(name, pipeline)
  }

  /** The file. */
  toString(): string {
    const root = new Block()
    for (const section of SECTIONS.filter(one => !this.#sections[one].isBlank))
      root.set(section, this.#sections[section], ...[this.#sectionComments.get(section) ?? []].flat())
    if (this.authenticators.size > 0) this.service.set('authenticators', this.authenticators)
    this.service.set('pipelines', this.pipelines)
    root.set('service', this.service)
    const head = new Block()
    for (const comment of this.#head) head.note(comment)
    const sections = root
      .lines()
      .join('\n')
      .replaceAll(/(?<=^[^#].*)\n(?=\S)/gm, '\n\n')
    return `${head.lines().join('\n')}\n\n${sections}\n`
  }

  #freeId(block: Block, id: string): string {
    if (!block.has(id)) return id
    const [type, name] = id.split('/')
    for (let n = 2; ; n++) {
      const next = name === undefined ? `${type}/${n}` : `${type}/${name}_${n}`
      if (!block.has(next)) return next
    }
  }
}

/** The options of a component stand in lines of their own. */
function asBlock(options: Yaml): Yaml {
  if (typeof options !== 'object' || options === null || options instanceof Block || Array.isArray(options))
    return options
  const block = new Block()
  for (const [key, value] of Object.entries(options)) block.set(key, value)
  return block.size === 0 ? null : block
}
