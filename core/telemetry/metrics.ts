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
  #parts = new Map<string, MetricFamily[]>()

  /** A family of the same name is added to: components of one type share theirs. Returns what takes it away again. */
  add(family: MetricFamily): () => void {
    const { name } = family
    const parts = this.#parts.get(name) ?? []
    this.#parts.set(name, [...parts, family])
    return () => {
      const left = this.#parts.get(name)!.filter(part => part !== family)
      if (left.length > 0) this.#parts.set(name, left)
      else this.#parts.delete(name)
    }
  }

  get families(): Iterable<MetricFamily> {
    return [...this.#parts.values()].map(parts => ({
      ...parts[0],
      *read() {
        for (const part of parts) yield* part.read()
      }
    }))
  }

  /** Prometheus text exposition format 0.0.4. */
  toPrometheusText(): string {
    const lines: string[] = []
    for (const { name, type, help, read } of this.families) {
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
