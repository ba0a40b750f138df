import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../../../../core/promql/labels.ts'
import { expandTemplate, type TemplateHost, templateProblem } from '../../../../core/rules/template/template.ts'

const DATA = {
  alert: 'Down',
  labels: { job: 'node' },
  value: 90,
  externalLabels: {},
  externalUrl: 'https://weir.example.com/rules/',
  time: 1_709_208_000_500
}

/** Answers each query with one series of its text. */
const host: TemplateHost = {
  ask: async (text, time) => [{ labels: Labels.of([['query', text]]), value: time }],
  templateFailed: () => {}
}

const expand = (template: string, own: Partial<TemplateHost> = {}) =>
  expandTemplate(template, DATA, { ...host, ...own })

// Functions and forms that the Prometheus of the comparison with promtool does not have yet.
const newer = [
  ['{{ now }} {{ now | humanizeTimestamp }}', '1.7092080005e+09 2024-02-29 12:00:00.5 +0000 UTC'],
  [
    '{{ toDuration 3661.5 }} {{ toDuration 0.0015 }} {{ toDuration 0.0000005 }} {{ toDuration 0 }}',
    '1h1m1.5s 1.5ms 500ns 0s'
  ],
  [
    '{{ (toDuration $value).Minutes }} {{ (toDuration -90).String }} {{ printf "%d" (toDuration 1) }}',
    '1.5 -1m30s 1000000000'
  ],
  ['{{ urlQueryEscape "a b&c" }}', 'a+b%26c'],
  ['{{ externalURL }} {{ pathPrefix }}', 'https://weir.example.com/rules/ /rules/'],
  [
    '{{ range 3 }}{{ . }}{{ end }} {{ range $i := 2 }}{{ $i }},{{ end }}{{ range 0 }}x{{ else }}none{{ end }}',
    '012 0,1,none'
  ],
  ['{{ with $labels.no }}a{{ else with $labels.job }}{{ . }}{{ else }}c{{ end }}', 'node'],
  [
    '{{ (toTime now).Format "2006-01-02T15:04:05.000Z07:00" }} {{ (now | toTime).Weekday }}',
    '2024-02-29T12:00:00.500Z Thursday'
  ],
  ['{{ query "up" | first }}', '{map[query:up] 1.7092080005e+12}']
] as const

for (const [template, want] of newer) {
  test(`${template} → ${want}`, async () => assert.equal(await expand(template), want))
}

const problems = [
  ['a {{ $value', 'line 1, column 12: the action has no closing }}'],
  ['a\n {{ nope }}', 'line 2, column 5: there is no function nope'],
  ['{{ $nope }}', 'line 1, column 4: there is no variable $nope here'],
  ['{{ define "x" }}{{ $labels.job }}{{ end }}', 'line 1, column 20: there is no variable $labels here'],
  ['{{ if true }}', 'line 1, column 14: {{if}} has no {{end}}'],
  ['{{ if true }}{{ else }}{{ else }}{{ end }}', 'line 1, column 27: {{if}} has no {{end}}'],
  ['{{ if }}x{{ end }}', 'line 1, column 7: if has no value'],
  ['x {{ end }}', 'line 1, column 6: {{end}} ends nothing here'],
  ['{{ break }}', 'line 1, column 4: {{break}} stands outside of a range'],
  ['{{ "abc }}', 'line 1, column 4: the string has no closing quote " on its line'],
  ['{{ `abc }}', 'line 1, column 4: the string has no closing quote `'],
  [
    '{{ "\\y" }}',
    'line 1, column 5: unknown escape sequence \\y; write a backslash as \\\\, or quote the string by backquotes'
  ],
  ['{{ (1 }}', 'line 1, column 5: the parenthesis before it has no closing )'],
  ['{{ 1 | 2 }}', 'line 1, column 8: stage 2 of the pipeline is a constant or the dot, which takes no argument'],
  ['{{ 12x }}', 'line 1, column 4: "12x" is no number'],
  [
    '{{ 99999999999999999999 }}',
    'line 1, column 4: 99999999999999999999 does not fit in 64 bits: write it with a point, as a float64'
  ],
  ['{{ $labels! }}', 'line 1, column 4: "!" cannot follow $labels'],
  ['{{ template x }}', 'line 1, column 13: "x" is not expected in template, which wants a "name"'],
  ['{{ define "a" }}x{{ end }}{{ define "a" }}y{{ end }}', 'line 1, column 37: the template "a" is defined twice'],
  ['{{/* open', 'line 1, column 3: the comment has no closing */'],
  [
    '{{ tmpl "x" . }}',
    'line 1, column 4: tmpl is a function of consoles, not of alerts: write {{ template "name" . }}'
  ],
  ['{{ range $a, $b, $c := query "up" }}{{ end }}', 'line 1, column 14: range can set two variables only'],
  ['{{ "a".b }}', 'line 1, column 7: .b cannot follow a constant or the dot'],
  ['{{ print "a""b" }}', 'line 1, column 13: "\\"b\\"" is not expected in a command'],
  ['{{ print 1 | }}', 'line 1, column 14: }} is not expected in a pipeline'],
  [`{{ ${'('.repeat(101)}1${')'.repeat(101)} }}`, 'line 1, column 104: 100 parentheses inside each other are the most'],
  [
    `${'{{ if 1 }}'.repeat(101)}${'{{ end }}'.repeat(101)}`,
    'line 1, column 1004: 100 actions inside each other are the most'
  ],
  ['x'.repeat(65_537), 'line 1, column 1: it is longer than 65536 characters, which is the most']
] as const

for (const [template, want] of problems) {
  test(`a problem of ${template.slice(0, 60)}`, () =>
    assert.equal(templateProblem(template), `the template cannot be read at ${want}`))
}

test('a template without a problem has none', () =>
  assert.equal(templateProblem('{{ $value | humanize }} }} {'), undefined))

const failures = [
  ['{{ range 1000000 }}{{ end }}', 'it takes more than 100000 steps'],
  [
    '{{ range 100 }}{{ range 100 }}0123456789{{ end }}{{ end }}',
    'a text is longer than 65536 characters, which is the most'
  ],
  [
    '{{ $x := "0123456789abcdef" }}{{ range 20 }}{{ $x = print $x $x }}{{ end }}',
    'error calling print: a text is longer than 65536 characters, which is the most'
  ],
  [
    '{{ $x := args 1 }}{{ range 40 }}{{ $x = args $x $x }}{{ end }}{{ $x }}',
    'a text is longer than 65536 characters, which is the most'
  ],
  ['{{ printf "%100000d" 1 }}', 'error calling printf: a text is longer than 65536 characters, which is the most'],
  [
    '{{ reReplaceAll "." "0123456789" (printf "%10000s" "x") }}',
    'error calling reReplaceAll: a text is longer than 65536 characters, which is the most'
  ],
  ['{{ define "r" }}{{ template "r" }}{{ end }}{{ template "r" }}', 'exceeded maximum template depth (100)'],
  ['{{ range 101 }}{{ query "up" }}{{ end }}', 'error calling query: a template may ask 100 queries'],
  ['{{ match "(" "a" }}', 'error calling match: "(" is no regular expression of RE2 syntax: missing closing )'],
  [
    '{{ toTime 1e300 }}',
    'error calling toTime: 1e+300 cannot be represented as a nanoseconds timestamp since it overflows int64'
  ],
  ['{{ toDuration "NaN" }}', 'error calling toDuration: value is NaN or Inf']
] as const

for (const [template, want] of failures) {
  test(`${template} fails: ${want}`, async () => {
    const told: string[] = []
    const text = await expand(template, { templateFailed: message => told.push(message) })
    assert.equal(text, `<error expanding template: ${told[0]}>`)
    assert.match(
      told[0]!,
      /^error executing template __alert_Down: template: __alert_Down:1:\d+: executing "\w+" at <.*>: /
    )
    assert.ok(told[0]!.endsWith(want), told[0])
  })
}

test('a query that fails makes the template fail with its message', async () => {
  const ask = () => Promise.reject(new Error('the store is away'))
  assert.match(await expand('{{ query "up" }}', { ask }), /error calling query: the store is away>$/)
})

test('values are never read as templates', async () => {
  const data = { ...DATA, labels: { job: '{{ query "up" }}' } }
  assert.equal(await expandTemplate('{{ $labels.job }}', data, host), '{{ query "up" }}')
})

test('names of objects are no members', async () => {
  assert.equal(await expand('[{{ $labels.constructor }}][{{ $labels.__proto__ }}]'), '[][]')
  assert.match(await expand('{{ (toTime 1).constructor }}'), /can't evaluate field constructor in type \*time\.Time>$/)
})
