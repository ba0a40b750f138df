// OTLP/HTTP protobuf → windowed_counter → debug without a word: points a second through one process on one core, while
// the sender has the other. `node bench/pipeline.ts [--journal] [seconds]`
import { LoadedWeir, POINTS_PER_BODY, SERIES } from './otlp-load.ts'

const WARM_UP_MS = 5000

const seconds = Number(process.argv.slice(2).find(argument => argument !== '--journal') ?? 15)
const weir = await LoadedWeir.start({ journal: process.argv.includes('--journal'), pinned: true })
await weir.flood(WARM_UP_MS)
const from = await weir.reading()
await weir.flood(seconds * 1000)
const to = await weir.reading()
await weir.stop()

const points = to.processed - from.processed
const wall = (to.at - from.at) / 1000
const cpu = to.cpu - from.cpu
console.log(
  `${(points / wall / 1e6).toFixed(2)} M points/s (${(points / cpu / 1e6).toFixed(2)} M per CPU second, ${Math.round((cpu / wall) * 100)} % of a core)`
)
console.log(
  `${SERIES} series, ${POINTS_PER_BODY} points a request, ${weir.bytesPerPoint} bytes a point; resident ${Math.round(to.rss / 2 ** 20)} MiB; unaccounted ${to.unaccounted}`
)
