import { keyPositionAt, nodeAt, type YamlNode } from '../config/document.ts'
import { type Position, type Problems, suggest } from '../config/problems.ts'
import type { ResolvedConfig } from '../config/resolved.ts'
import type { AttributeValue } from '../model/attributes.ts'
import { used } from '../pipeline/graph/topology.ts'
import type { Backends, Expect, ExpectedRow, ExpectedTable, Where } from './config-test.ts'
import { quantileColumn } from './item-rows.ts'
import type { ExpectValue, ExporterValue, RowValue, WhereValue } from './schema.ts'
import { attributeTexts } from './table.ts'
import { formatOffset, parseOffset } from './times.ts'

type Path = readonly (string | number)[]

/** Columns of figures, by the kind of the table; all other columns are texts. */
const FIGURES = ['value', 'count', 'sum', 'min', 'max', 'ended', 'items']

/** Makes expected tables of values that fit the schema, and checks the names in them. */
export class ExpectReader {
  readonly #root: YamlNode
  readonly #problems: Problems
  readonly #exporters: readonly string[]
  readonly #components: readonly string[]

  /** @param configs all that a test may run */
  constructor(root: YamlNode, problems: Problems, configs: readonly ResolvedConfig[]) {
    this.#root = root
    this.#problems = problems
    this.#exporters = unique(configs.flatMap(config => used(config, 'exporter').map(({ id }) => id)))
    this.#components = unique(configs.flatMap(componentNames))
  }

  expect(path: Path, { exporters = {}, drops, dead_letters: deadLetters }: ExpectValue): Expect {
    const tables = Object.entries(exporters).flatMap(([id, value]) =>
      this.#exporter([...path, 'exporters', id], id, value)
    )
    if (drops !== undefined) tables.push(this.#losses([...path, 'drops'], 'drops', drops))
    if (deadLetters !== undefined) tables.push(this.#losses([...path, 'dead_letters'], 'dead_letters', deadLetters))
    if (tables.length === 0 && Object.keys(exporters).length === 0)
      this.#error(path, 'it expects nothing: give it exporters, drops or dead_letters')
    return { kind: 'expect', tables }
  }

  backends(path: Path, states: Backends['states']): Backends {
    for (const exporter of Object.keys(states)) this.#checkExporter([...path, exporter], exporter)
    return { kind: 'backends', states }
  }

  #exporter(path: Path, exporter: string, { where = {}, tolerance, ...tables }: ExporterValue): ExpectedTable[] {
    this.#checkExporter(path, exporter)
    const { points, events } = tables
    if (points === undefined && events === undefined)
      this.#error(path, 'it expects nothing: give it points or events, as an empty list if there are none')
    const read = (kind: 'points' | 'events', rows: readonly RowValue[] | undefined): ExpectedTable[] =>
      rows === undefined
        ? []
        : [
            {
              position: this.#at([...path, kind]),
              source: { kind, exporter, where: whereOf(where) },
              rows: rows.map((row, i) => this.#row([...path, kind, i], { attributes: {}, tolerance, ...row }))
            }
          ]
    return [...read('points', points), ...read('events', events)]
  }

  #checkExporter(path: Path, exporter: string): void {
    if (!this.#exporters.includes(exporter))
      this.#problems.error(
        keyPositionAt(this.#root, path),
        `no pipeline has an exporter "${exporter}"${suggest(exporter, this.#exporters)}`
      )
  }

  #losses(path: Path, kind: 'drops' | 'dead_letters', rows: readonly RowValue[]): ExpectedTable {
    for (const [i, { component }] of rows.entries()) {
      const name = String(component)
      if (!this.#components.includes(name))
        this.#error([...path, i, 'component'], `there is no component "${name}"${suggest(name, this.#components)}`)
    }
    return {
      position: this.#at(path),
      source: { kind },
      rows: rows.map((row, i) => this.#row([...path, i], row))
    }
  }

  #row(path: Path, { attributes, quantiles = {}, tolerance = 0, time, ...rest }: RowValue): ExpectedRow {
    const cells: Record<string, string> = {}
    const figures: Record<string, number> = {}
    for (const [column, value] of Object.entries(rest))
      if (FIGURES.includes(column)) figures[column] = Number(value)
      else cells[column] = String(value)
    if (attributes !== undefined) cells.attributes = textsOf(attributes).join(' ')
    if (time !== undefined) cells.time = formatOffset(parseOffset(String(time)))
    const ranks = Object.keys(quantiles).map(Number)
    for (const [quantile, value] of Object.entries(quantiles)) {
      const rank = Number(quantile)
      if (!(rank >= 0 && rank <= 1)) this.#error([...path, 'quantiles'], `"${quantile}" is no quantile between 0 and 1`)
      figures[quantileColumn(rank)] = value
    }
    return { position: this.#at(path), cells, figures, tolerance, quantiles: ranks }
  }

  #at(path: Path): Position {
    return nodeAt(this.#root, path).position
  }

  #error(path: Path, message: string): void {
    this.#problems.error(this.#at(path), message)
  }
}

function whereOf({ metric, name, attributes = {} }: WhereValue): Where {
  const cells: Record<string, string> = {}
  if (metric !== undefined) cells.metric = metric
  if (name !== undefined) cells.name = name
  return { cells, attributes: textsOf(attributes) }
}

const textsOf = (attributes: Readonly<Record<string, unknown>>) =>
  attributeTexts(Object.entries(attributes) as [string, AttributeValue][])

/** As the ledger names them. */
function componentNames(config: ResolvedConfig): string[] {
  const { pipelines, journal } = config.service
  return [
    ...used(config, 'receiver').map(({ id }) => `receiver ${id}`),
    ...(journal === undefined ? [] : ['journal journal']),
    ...Object.entries(pipelines).flatMap(([name, { processors }]) =>
      processors.map(id => `processor ${id} in ${name}`)
    ),
    ...used(config, 'exporter').map(({ id }) => `exporter ${id}`)
  ]
}

const unique = (names: readonly string[]) => [...new Set(names)]
