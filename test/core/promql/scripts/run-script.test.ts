import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runScript } from './run-script.ts'

const DATA = `load 1m
  x{l="a"} 1 2 3
  x{l="b"} 5 _ 7
  h {{schema:0 count:2 sum:3 buckets:[1 1]}}x2
  c_bucket{le="1"} 1
`

async function problemsOf(evaluation: string): Promise<string[]> {
  const { failures } = await runScript(`${DATA}\n${evaluation}\n`)
  return failures.map(({ problem }) => problem)
}

describe('what is not as expected is seen', () => {
  const cases: readonly (readonly [name: string, evaluation: string, problem: RegExp])[] = [
    ['another value', 'eval instant at 0 x{l="a"}\n x{l="a"} 1.00001', /expected 1\.00001 at 0 ms/],
    ['another series', 'eval instant at 0 x{l="a"}\n y{l="a"} 1', /unexpected series/],
    ['a series more', 'eval instant at 0 x\n x{l="a"} 1', /unexpected series/],
    ['a series less', 'eval instant at 0 x{l="a"}\n x{l="a"} 1\n x{l="b"} 5', /missing series {__name__="x", l="b"}/],
    ['nothing', 'eval instant at 0 nothing\n x 1', /missing series/],
    ['a point more', 'eval range from 0 to 2m step 1m x{l="a"}\n x{l="a"} 1 2', /expected 2 points/],
    [
      'another gap',
      'eval range from 0 to 10m step 5m x{l="a"}\n x{l="a"} 1 _ 3',
      /expected 2 points|expected 3 at 600000/
    ],
    ['another order', 'eval instant at 0 sort(x)\n expect ordered\n x{l="b"} 5\n x{l="a"} 1', /expected another order/],
    ['another scalar', 'eval instant at 0 1 + 1\n 3', /expected 3, got 2/],
    ['a scalar in place of series', 'eval instant at 0 1\n x 1', /expected series, got scalar/],
    ['series in place of a scalar', 'eval instant at 0 x{l="a"}\n 1', /expected scalar 1, got vector/],
    ['another string', 'eval instant at 0 "a"\n expect string "b"', /expected string "b", got "a"/],
    ['another count of a histogram', 'eval instant at 0 h\n h {{schema:0 count:3 sum:3 buckets:[1 1]}}', /expected {{/],
    ['another bucket', 'eval instant at 0 h\n h {{schema:0 count:2 sum:3 buckets:[1 1] offset:1}}', /expected {{/],
    [
      'another mark',
      'eval instant at 1m h\n h {{schema:0 count:2 sum:3 buckets:[1 1] counter_reset_hint:gauge}}',
      /expected {{/
    ],
    ['a number in place of a histogram', 'eval instant at 0 h\n h 2', /expected 2 at 0 ms/],
    ['no failure', 'eval instant at 0 x\n expect fail', /expected a failure/],
    ['a failure', 'eval instant at 0 x + on() x', /failed: found duplicate series/],
    ['a query that is none', 'eval instant at 0 x +\n x 1', /failed: 1:4: parse error/],
    ['another failure', 'eval instant at 0 x + on() x\n expect fail msg: no', /expected error \["no"\]/],
    ['no warning', 'eval instant at 0 x{l="a"}\n expect warn\n x{l="a"} 1', /expected warning/],
    ['a warning', 'eval instant at 0 quantile(2, x)\n expect no_warn\n {} Inf', /unexpected warnings: PromQL warning/],
    ['another warning', 'eval instant at 0 quantile(2, x)\n expect warn msg: no\n {} Inf', /expected warning \["no"\]/],
    ['an info', 'eval instant at 1m rate(x{l="a"}[2m])\n expect no_info\n {l="a"} 0.0125', /unexpected infos/],
    [
      'other times of a range',
      'eval instant at 1m x{l="a"}[2m]\n expect range vector from 0 to 2m step 2m\n x{l="a"} 1 2',
      /at 120000 ms/
    ]
  ]
  for (const [name, evaluation, problem] of cases)
    it(name, async () => {
      const problems = await problemsOf(evaluation)
      assert.equal(problems.length, 1, 'one failure')
      assert.match(problems[0]!, problem)
    })
})

describe('what is as expected is not seen', () => {
  const cases = [
    'eval instant at 0 x{l="a"}\n x{l="a"} 1.0000001',
    'eval range from 0 to 2m step 1m x\n x{l="a"} 1+1x2\n x{l="b"} 5 5 7',
    'eval instant at 1m h\n h {{schema:0 count:2 sum:3 buckets:[1 1] counter_reset_hint:not_reset}}',
    'eval_fail instant at 0 x + on() x',
    'eval_warn instant at 0 quantile(2, x)\n {} Inf',
    'eval_ordered instant at 0 sort_desc(x)\n x{l="b"} 5\n x{l="a"} 1',
    'eval instant at 0 quantile(2, x)\n expect warn regex: .*got 2 \\(1:10\\)\n {} Inf'
  ]
  for (const evaluation of cases)
    it(evaluation.split('\n')[0]!, async () => assert.deepEqual(await problemsOf(evaluation), []))
})

describe('scripts that cannot be read are refused with their line', () => {
  const cases: readonly (readonly [script: string, problem: RegExp])[] = [
    ['evil instant at 0 x', /line 1: evil/],
    ['load 1m\n  x{l="a"', /line 1: load 1m/],
    ['\nload 1m\n  x 1 two', /line 2: load 1m/],
    ['load 1m\n  h {{schema:0 bucket:[1]}}', /line 1/],
    ['load 1q\n  x 1', /line 1: load 1q/]
  ]
  for (const [script, problem] of cases)
    it(JSON.stringify(script), async () => assert.rejects(runScript(script), { message: problem }))
})
