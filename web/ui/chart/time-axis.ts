import type uPlot from 'uplot'
import { localTime } from '../format.ts'

const MINUTE_S = 60
const DAY_S = 86_400

/** Texts below a chart: the time of day, with the date where a day begins and at the first one. */
export const timeTexts: uPlot.Axis.DynamicValues = (_plot, splits, _axis, _space, increment) => {
  let lastDay = ''
  return splits.map(time => {
    const [day, clock] = localTime(time).split(' ')
    const isNew = day !== lastDay
    lastDay = day
    if (increment >= DAY_S) return day.slice(5)
    const text = increment < MINUTE_S ? clock : clock.slice(0, 5)
    return isNew ? `${text}\n${day}` : text
  })
}
