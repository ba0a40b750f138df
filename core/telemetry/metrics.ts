export type Labels = Readonly<Record<string, string>>

/** A metric of Weir's own, read when somebody looks. Names follow Prometheus: counters end in `_total`. */
export interface MetricFamily {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  read(): Iterable<{ readonly labels: Labels; readonly value: number }>
}

/** All metrics of the process: the one source of the Prometheus page and of the OTLP export. */
export class Metrics {
  #families = new Map<string, MetricFamily>()

  /** A family of the same name is added to: components of one type share theirs. */
  add(family: MetricFamily): void {
    const known = this.#families.get(family.name)
    if (known === undefined) return void this.#families.set(family.name, family)
    const read = function* () {
      yield* known.read()
      yield* family.read()
    }
    this.#families.set(family.name, { ...known, read })
  }

  get families(): Iterable<MetricFamily> {
    return this.#families.values()
  }

  /** Prometheus text exposition format 0.0.4. */
  toPrometheusText(): string {
    const lines: string[] = []
    for (const { name, type, help, read } of this.#families.values()) {
      lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`)
      for (const { labels, value } of read()) lines.push(`${name}${formatLabels(labels)} ${value}`)
    }
    return `${lines.join('\n')}\n`
  }
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escapeLabel = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
