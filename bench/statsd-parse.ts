// StatsD lines per second of CPU, from the bytes of a datagram to points in a block.
import process from 'node:process'
import { EventBlockBuilder } from '../core/model/event-builder.ts'
import { PointBlockBuilder } from '../core/model/points.ts'
import { SeriesTable } from '../core/model/series-table/series-table.ts'
import { StatsdParser } from '../receivers/statsd/parser.ts'

const LINES = 100_000
const ROUNDS = 8
const BLOCK_POINTS = 4096
const MAX_SERIES = 200_000

const line: Record<string, (i: number) => string> = {
  'counter, plain': i => `page.views.p${i % 100}:1|c`,
  'counter, sampled, 3 tags': i => `http.requests:1|c|@0.1|#method:GET,route:/api/v1/items/${i % 500},status:200`,
  'gauge, 2 tags': i => `queue.depth:${i % 900}|g|#queue:q${i % 40},host:h${i % 9}`,
  'timer with decimals, 1 tag': i => `db.query:${((i % 777) / 7).toFixed(2)}|ms|#table:t${i % 30}`,
  'set, 1 tag': i => `visitors:user-${i % 5000}|s|#page:p${i % 50}`,
  'counter with a timestamp': i => `late:1|c|#host:h${i % 99}|T${1_760_000_000 + i}`,
  'counter, each series for itself': i => `http.requests:1|c|#user:${i % MAX_SERIES}`
}

console.log(`StatsD, datagrams of 25 lines, best of ${ROUNDS}:`)
for (const [name, make] of Object.entries(line))
  console.log(`  ${millionLinesPerSecond(make).toFixed(2)} M lines/s  ${name}`)
const mixed = Object.values(line).slice(0, 4)
console.log(`  ${millionLinesPerSecond(i => mixed[i % 4](i)).toFixed(2)} M lines/s  the first four, mixed`)

function millionLinesPerSecond(make: (i: number) => string): number {
  const datagrams = datagramsOf(25, make)
  const parser = new StatsdParser(new SeriesTable(), MAX_SERIES, (reason, text) => {
    throw new Error(`${reason}: ${text}`)
  })
  let best = 0
  for (let round = 0; round < ROUNDS; round++) {
    const begun = process.threadCpuUsage()
    const lines = parseAll(parser, datagrams)
    const { user, system } = process.threadCpuUsage(begun)
    best = Math.max(best, lines / (user + system))
  }
  return best
}

function parseAll(parser: StatsdParser, datagrams: readonly Buffer[]): number {
  let lines = 0
  let points = new PointBlockBuilder(BLOCK_POINTS)
  for (const datagram of datagrams) {
    parser.parse(datagram, 1_760_000_000_000, points, new EventBlockBuilder())
    if (points.length < BLOCK_POINTS) continue
    lines += points.build().length
    points = new PointBlockBuilder(BLOCK_POINTS)
  }
  return lines + points.length
}

function datagramsOf(lines: number, make: (i: number) => string): Buffer[] {
  const text = (_: unknown, datagram: number) =>
    Buffer.from(Array.from({ length: lines }, (_, i) => make(datagram * lines + i)).join('\n'))
  return Array.from({ length: LINES / lines }, text)
}
