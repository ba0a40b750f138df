import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needsTable, unitCostTable } from '../../scripts/capacity.ts'
import { result, run } from '../bench/programs/made-figures.ts'

const MIB = 2 ** 20
const CASES = [
  result([run('weir', { sinkSamples: 1e6, sinkBytes: 5e6 })], 'through/50000'),
  ...['windows-by', 'windows-all'].flatMap(scenario => [
    result(
      [run('weir', { residentPeakBytes: 100 * MIB }), run('weir with journal', { diskBytesPerPoint: 20 })],
      `${scenario}/50000`
    ),
    result(
      [
        run('weir', { residentPeakBytes: 100 * MIB + 950_000 * 200 }),
        run('weir with journal', { pointsPerCpuSecond: 1e6, diskBytesPerPoint: 999 })
      ],
      `${scenario}/1000000`
    )
  ])
]

test('needs are unit costs times the load', () => {
  const row = needsTable(CASES)
    .split('\n')
    .find(line => line.startsWith('| A provider '))!
  const cells = row.split('|').slice(2, -1)
  assert.deepEqual(
    cells.map(cell => cell.trim()),
    [
      '10,000,000 points/s of 10,000,000 series',
      '10,000,000 × 1 µs ÷ 0.7 = **14**',
      '15 × 100 MiB + 10,000,000 × 200 B = **3.3 GiB**',
      '10,000,000 × 136 B = **10,880 Mbit/s**',
      '1,000,000 × 2 × 5.0 B = **80 Mbit/s**',
      '10,000,000 × 20 B = **200 MB/s**, 10 min are **112 GiB**'
    ]
  )
})

test('unit costs are those measured', () => {
  const table = unitCostTable(CASES)
  for (const cost of ['0.5 µs', '1 µs', '136 bytes of network', '20 bytes of disk', '5.0 bytes', '200 bytes of memory'])
    assert.ok(table.includes(cost), `${cost} in\n${table}`)
})

test('a result that is missing is named, with the command that measures it', () => {
  assert.throws(
    () => needsTable(CASES.filter(({ case: name }) => name !== 'windows-all/1000000')),
    /needs weir at windows-all\/1000000: measure it by npm run bench -- --keep windows-all\/1000000/
  )
})
