import type { ComponentReport } from './component-report.ts'

/** Items a second. */
export interface Rate {
  readonly in: number
  readonly out: number
  /** By reason, those of which some were dropped since the component is there. */
  readonly dropped: Readonly<Record<string, number>>
}

type Account = ComponentReport['account']

interface Sample {
  /** ms */
  readonly time: number
  readonly uptimeSeconds: number
  readonly counts: ReadonlyMap<string, Account>
}

// Windows are sent all at once; over this long the rates of the usual ones are steady.
const SPAN_MS = 10_000

/** Items a second of every component, over the last seconds. */
export class Rates {
  #samples: Sample[] = []

  /** @param uptimeSeconds of the process: falls when it was started anew, and counting begins at 0 */
  take(components: readonly ComponentReport[], uptimeSeconds: number): void {
    if (uptimeSeconds < (this.#samples.at(-1)?.uptimeSeconds ?? 0)) this.#samples = []
    const counts = new Map(components.map(component => [nameOf(component), component.account]))
    const time = performance.now()
    this.#samples = this.#samples.filter(sample => time - sample.time <= SPAN_MS)
    this.#samples.push({ time, uptimeSeconds, counts })
  }

  of(component: ComponentReport): Rate {
    const first = this.#samples[0]
    const seconds = (this.#samples.at(-1)!.time - first.time) / 1000
    const before = first.counts.get(nameOf(component))
    const perSecond = (now: number, then: number | undefined) =>
      before === undefined || seconds === 0 ? 0 : (now - (then ?? 0)) / seconds
    const { received, sent, dropped } = component.account
    return {
      in: perSecond(received, before?.received),
      // Items that an exporter nacks were not sent after all.
      out: Math.max(0, perSecond(sent, before?.sent)),
      dropped: Object.fromEntries(
        Object.entries(dropped).map(([reason, items]) => [reason, perSecond(items, before?.dropped[reason])])
      )
    }
  }
}

const nameOf = ({ kind, id, pipeline }: ComponentReport) => JSON.stringify([kind, id, pipeline])
