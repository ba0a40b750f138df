import { compileRelabel } from '../../core/model/relabeling/compile.ts'
import { parseSeries } from '../../core/wire/exposition/series-text.ts'
import { BadInputError } from '../../sdk/plugin/index.ts'
import type { ScrapeConfig } from './config.ts'
import { LabelMap } from './label-map.ts'
import type { Target } from './target.ts'

const EXPORTED = 'exported_'

/** Makes the labels of a target's samples: undefined for samples that `metric_relabel_configs` drops. */
export function sampleLabels(config: ScrapeConfig): (text: string, target: Target) => LabelMap | undefined {
  const rules = config.metric_relabel_configs.map(compileRelabel)
  return (text, { labels: ofTarget }) => {
    const labels = readLabels(text)
    for (const [name, value] of ofTarget) {
      const own = labels.text(name)
      if (own !== '' && config.honor_labels) continue
      labels.set(name, value)
      if (own !== '') labels.set(freeName(labels, EXPORTED + name), own)
    }
    if (!rules.every(rule => rule(labels)) || labels.size === 0) return undefined
    if (labels.name === '') throw new BadInputError(`${text} has no name once it is relabelled`)
    checkLimits(labels, config, text)
    return labels
  }
}

function readLabels(text: string): LabelMap {
  const labels = parseSeries(text)
  const names = new Set(labels.map(([name]) => name))
  if (names.size < labels.length) throw new BadInputError(`${text} has two labels of one name`)
  return new LabelMap(labels)
}

function freeName(labels: LabelMap, name: string): string {
  return labels.text(name) === '' ? name : freeName(labels, EXPORTED + name)
}

function checkLimits(labels: LabelMap, config: ScrapeConfig, text: string): void {
  const { label_limit, label_name_length_limit, label_value_length_limit } = config
  if (label_limit > 0 && labels.size > label_limit)
    throw new BadInputError(`${text} has ${labels.size} labels, of label_limit ${label_limit}`)
  for (const [name, value] of labels.entries()) {
    if (label_name_length_limit > 0 && name.length > label_name_length_limit)
      throw new BadInputError(
        `${text} has a label name of more than label_name_length_limit ${label_name_length_limit}`
      )
    if (label_value_length_limit > 0 && value.length > label_value_length_limit)
      throw new BadInputError(
        `${text} has a label value of more than label_value_length_limit ${label_value_length_limit}`
      )
  }
}
