import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderLineChart } from '../../scripts/line-chart.ts'

const svg = renderLineChart({
  title: 'Cost',
  xTitle: 'Series',
  formatX: x => `${x} series`,
  formatY: y => `${y} µs`,
  panels: [
    {
      title: 'one',
      lines: [
        {
          name: 'Weir',
          color: '#111111',
          points: [
            [10, 0.2],
            [100, 20]
          ]
        }
      ]
    },
    { title: 'two', lines: [{ name: 'Weir', color: '#111111', points: [[10, 2]] }] }
  ]
})

test('a power of ten is as far from the next on the whole axis', () => {
  const circles = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)])
  // Three decades of 0.1 to 100 µs: two of them lie between the points of the first panel, one between 0.2 and 2.
  assert.equal(circles.length, 3)
  const [[x0, y0], [x1, y1], [x2, y2]] = circles
  assert.ok(Math.abs(y0 - y1 - 2 * (y0 - y2)) < 0.5)
  assert.ok(x1 > x0)
  assert.ok(x2 > x1)
})

test('axes have a label for each power of ten and each number of series, the legend each line once', () => {
  for (const label of ['0.1 µs', '1 µs', '10 µs', '100 µs', 'Cost', 'Series', 'one', 'two'])
    assert.ok(svg.includes(`>${label}</text>`), label)
  assert.equal(svg.split('>10 series</text>').length - 1, 2)
  assert.equal(svg.split('>Weir</text>').length - 1, 1)
})
