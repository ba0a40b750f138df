import { dump } from 'js-yaml'
import { PIPELINE_PREFIX } from '../../config/graph.ts'
import { type Topology, typesOf } from '../../pipeline/graph/topology.ts'

const PROCESSOR = 'windowed_counter/unused_labels'
const EXPLANATION = `\
# A file of its own, merged over the configuration: weir validate weir.yaml this.yaml
# The series of these metrics are added up without the labels that nobody asks for, to totals that only grow.
`

export interface DroppedLabels {
  readonly metric: string
  readonly labels: readonly string[]
}

/** A configuration that takes labels out of metrics, and keeps their totals exact. Undefined if no pipeline takes points. */
export function adviceYaml(dropped: readonly DroppedLabels[], topology: Topology): string | undefined {
  const pipelines = topology.pipelines.filter(pipeline =>
    pipeline.config.receivers.some(
      id => !id.startsWith(PIPELINE_PREFIX) && typesOf(id, pipeline, topology).has('points')
    )
  )
  if (dropped.length === 0 || pipelines.length === 0) return undefined
  const rules = dropped.map(({ metric, labels }) => ({ match: { name: metric }, without: [...labels] }))
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
  return EXPLANATION + dump(configuration, { lineWidth: 120, flowLevel: 4 })
}
