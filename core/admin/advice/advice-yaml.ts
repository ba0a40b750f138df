import { dump } from 'js-yaml'
import { PIPELINE_PREFIX } from '../../config/graph.ts'
import { type Topology, typesOf } from '../../pipeline/graph/topology.ts'

const PROCESSOR = 'windowed_counter/unused_labels'
const EXPLANATION = `\
# A file of its own, merged over the configuration: weir validate weir.yaml this.yaml
# The series of these metrics are added up without the labels that nobody asks for, to totals that only grow.
`
const GAUGES = `\
# Gauges do not add up: of each 10 s this makes the least, the greatest and the mean value, as NAME.min, NAME.max and NAME.avg.
# So queries of these gauges have to be changed.
`
/** Aggregations of gauges, which are the same whichever series the values came in. */
const OF_GAUGES = { output: ['delta'], aggregations: ['min', 'max', 'avg'] }

export interface DroppedLabels {
  readonly metric: string
  readonly labels: readonly string[]
  /** Set for a gauge: others add up. */
  readonly gauge: 'gauge' | 'up_down_counter' | undefined
}

/**
 * A configuration that takes labels out of metrics. Totals of counters and histograms stay exact, gauges become values
 * of windows. Undefined if no pipeline takes points, or no labels are to go.
 */
export function adviceYaml(dropped: readonly DroppedLabels[], topology: Topology): string | undefined {
  const pipelines = topology.pipelines.filter(pipeline =>
    pipeline.config.receivers.some(
      id => !id.startsWith(PIPELINE_PREFIX) && typesOf(id, pipeline, topology).has('points')
    )
  )
  if (dropped.length === 0 || pipelines.length === 0) return undefined
  const rules = dropped.map(({ metric, labels, gauge }) => ({
    match: { name: metric, ...(gauge && { kind: gauge }) },
    without: [...labels],
    ...(gauge && OF_GAUGES)
  }))
  const configuration = {
    processors: { [PROCESSOR]: { windows: ['10s'], output: ['cumulative'], rules } },
    service: {
      pipelines: Object.fromEntries(
        pipelines.map(({ name, config: { processors } }) => [
          name,
          { processors: [PROCESSOR, ...processors.filter(id => id !== PROCESSOR)] }
        ])
      )
    }
  }
  const explanation = dropped.some(({ gauge }) => gauge) ? EXPLANATION + GAUGES : EXPLANATION
  return explanation + dump(configuration, { lineWidth: 120, flowLevel: 4, noRefs: true })
}
