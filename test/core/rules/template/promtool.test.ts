import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Labels } from '../../../../core/promql/labels.ts'
import { expandTemplate } from '../../../../core/rules/template/template.ts'
import { promtoolProgram, promtoolVerdict } from '../../../servers/promtool.ts'
import { ask, storeOf } from '../../promql/engine/ask.ts'

const { path, skip } = await promtoolProgram()

const SERIES = {
  'errors{instance="host1.example.com:9100", job="node <a>"}': [1],
  'size{disk="b", zone="x"}': [3],
  'size{disk="a", zone="y"}': [1e9]
}
const EXTERNAL_URL = 'http://prom.example.com:9090/path'
const EXTERNAL_LABELS = { region: 'north' }

/** Templates, and the value of the alert in PromQL where it matters. */
const CASES: readonly (readonly [template: string, value?: string])[] = [
  // Data.
  ['{{ $labels.instance }} {{ .Labels.job }} {{ $value }} {{ .Value }}', '1234567.5'],
  ['{{ $externalLabels.region }} {{ .ExternalLabels.region }} {{ $externalURL }} {{ .ExternalURL }}'],
  ['[{{ $labels.missing }}] [{{ .Labels.missing }}] {{ $labels }} {{ .ExternalLabels }}'],
  ['$$ $labels {{ "{{" }} {{ `}}` }}'],
  ['{{ $.Labels.instance }} {{ with $labels }}{{ .job }}{{ $.Value }}{{ end }}'],
  // The language.
  ['a  {{- " b " -}}  c {{- /* comment */ -}} d {{/* comment */}} e'],
  ['{{ if gt $value 5.0 }}high{{ else if gt $value 2.0 }}middle{{ else }}low{{ end }}', '3'],
  [
    '{{ if and $labels.instance (not $labels.missing) }}yes{{ end }} {{ or $labels.missing "default" }} {{ and 1 0 2 }}'
  ],
  ['{{ $x := "a" }}{{ if true }}{{ $x = "b" }}{{ $y := $x }}{{ end }}{{ $x }}'],
  ['{{ range $i, $s := query "size" | sortByLabel "disk" }}{{ $i }}:{{ $s.Labels.disk }}={{ .Value }};{{ end }}'],
  ['{{ range query "nothing" }}x{{ else }}none{{ end }} {{ with query "nothing" }}x{{ else }}none{{ end }}'],
  ['{{ range $k, $v := $labels }}{{ $k }}={{ $v }},{{ end }}'],
  [
    '{{ range query "size" | sortByLabel "disk" }}{{ if eq .Labels.disk "b" }}{{ break }}{{ end }}{{ .Labels.disk }}{{ end }}'
  ],
  [
    '{{ range query "size" | sortByLabel "disk" }}{{ if eq .Labels.disk "a" }}{{ continue }}{{ end }}{{ .Labels.disk }}{{ end }}'
  ],
  ['{{ define "t" }}<{{ . }}|{{ $ }}>{{ end }}{{ template "t" $value }} {{ template "t" }}', '2'],
  ['{{ block "b" $labels.job }}[{{ . }}]{{ end }}'],
  ['{{ define "m" }}{{ .arg0 }}-{{ .arg1 }}-{{ .arg2 }}{{ end }}{{ template "m" (args "x" 2) }}'],
  ['{{ (index (query "size{disk=\'a\'}") 0).Value }} {{ (query "size{disk=\'a\'}" | first).Labels.zone }}'],
  [
    "{{ 1 }} {{ 1.5 }} {{ 1e3 }} {{ 0x10 }} {{ -3 }} {{ 1_000 }} {{ 'a' }} {{ 017 }} {{ 1000000.0 }} {{ 0b11 }} {{ true }}"
  ],
  ['{{ "a\\tb\\u00e9\\x41" }} {{ `raw\\n` }} {{ "\\"" }}'],
  ['{{ $x := 1 }}{{ range query "size" }}{{ $x = . }}{{ end }}{{ $x.Value | printf "%T" }}'],
  ['line 1\n{{ if true -}}\n  line 2\n{{- end }}\nend'],
  // Functions of Go.
  [
    '{{ len $labels }} {{ len "é" }} {{ len (query "size") }} {{ index $labels "job" }} {{ slice "abcdef" 1 3 }} {{ slice "abc" 1 }}'
  ],
  [
    '{{ eq 1 2 1 }} {{ eq "a" "a" }} {{ ne 1.5 1.5 }} {{ lt 1 2 }} {{ le "a" "b" }} {{ gt 2.5 1.5 }} {{ ge 1 1 }} {{ not 0 }}'
  ],
  ['{{ print 1 2 "a" "b" 3 }} {{ print true nil }} {{ println "x" 1 }}{{ print $value $value }}', '0.5'],
  ['{{ html "<a href=\\"x\\">\'&" }} {{ js "a\'b\\"<c>=&\\n" }} {{ urlquery "a b&c/é" "d" }}'],
  ['{{ printf "%v|%s|%q|%d|%5d|%-5d|%05d|%+d|%x|%X|%c|%t" "a" "b" "c\\"" 5 5 5 5 5 255 255 65 true }}'],
  [
    '{{ printf "%f|%.2f|%8.3f|%e|%.1e|%g|%.3g|%E|%G|%+.1f" $value $value $value $value $value $value $value $value $value $value }}',
    '1234.5678'
  ],
  ['{{ printf "%.0f %.0f %.0f %.1f %.2f" 0.5 1.5 2.5 0.25 1.005 }}'],
  ['{{ printf "%10s|%-10s|%.2s|%x|% x|%5t|%5.1f%%" "ab" "cd" "efg" "hi" "jk" true 99.5 }}'],
  [
    '{{ printf "%d" $value }} {{ printf "%s" 5 }} {{ printf "%d" "x" }} {{ printf "%d" }} {{ printf "x" 1 "a" }} {{ printf "%!" }} {{ printf "%z" 1 }}',
    '1.5'
  ],
  [
    '{{ printf "%[2]s %[1]s" "a" "b" }} {{ printf "%*d|%-*d|" 5 42 5 42 }} {{ printf "%.*f" 2 3.14159 }} {{ printf "%6.2f" 3.14159 }}'
  ],
  ['{{ printf "%v %v %s" $labels (args "a" 1 2.5) $labels }}'],
  ['{{ printf "%T %T %T %T %T" 1 1.5 "a" true $labels }} {{ printf "%U %q" 233 65 }} {{ printf "%v" nil }}'],
  ['{{ printf "%05d|%.2d|%-9s|%+d" $value "abc" true 1.5 }} {{ urlquery nil }} {{ js $labels }}'],
  [
    '{{ print (safeHtml "a") $labels 1 }} {{ with query "size" | sortByLabel "disk" }}{{ first . }} {{ print (first .) }}{{ end }}'
  ],
  // Functions of Prometheus.
  ...[
    '0',
    '1',
    '-1',
    '999.99',
    '1000',
    '12345',
    '123456',
    '1e9',
    '0.001',
    '0.00012345',
    '1e-30',
    'NaN',
    'Inf',
    '-Inf',
    '1023.5',
    '1024',
    '2.5e15',
    '-2048',
    '59.99999',
    '60',
    '3661.5',
    '90061',
    '-90061',
    '0.5',
    '0.12345'
  ].map(
    value =>
      [
        '{{ $value | humanize }}|{{ humanize1024 .Value }}|{{ humanizeDuration $value }}|{{ humanizePercentage $value }}|{{ $value }}',
        value
      ] as const
  ),
  ['{{ humanize $value }} {{ humanize1024 $value }} {{ $value }}', '1.2345e25'],
  [
    '{{ humanize 1024 }} {{ humanize "1234.5" }} {{ humanizeDuration "61" }} {{ humanizePercentage 0.12345 }} {{ humanize1024 "1048576" }}'
  ],
  [
    '{{ humanizeTimestamp $value }} {{ toTime $value }} {{ (toTime $value).Unix }} {{ (toTime $value).Month }}',
    '1709208000.5'
  ],
  [
    '{{ humanizeTimestamp $value }} {{ (toTime $value).Format "Mon, 02 Jan 2006 15:04:05.000 MST Z07:00 3pm _2" }}',
    '1435065584.128'
  ],
  ['{{ humanizeTimestamp $value }}', 'NaN'],
  [
    '{{ title "foo bar_baz qux-quux éa" }} {{ toUpper "abcé" }} {{ toLower "ABCÉ" }} {{ match "a.c" "xabcx" }} {{ match "^b" "ab" }}'
  ],
  [
    '{{ reReplaceAll "(.*):(\\\\d+)" "$2 at ${1}" $labels.instance }} {{ reReplaceAll "[aeiou]" "" "hello world" }} {{ reReplaceAll "x*" "-" "abxxc" }}'
  ],
  [
    '{{ stripPort "a:1" }} {{ stripPort "[::1]:80" }} {{ stripPort "noport" }} {{ stripPort "1.2.3.4:56" }} {{ stripPort "::1" }} {{ stripPort "a:" }}'
  ],
  [
    '{{ stripDomain "a.b.c:1" }} {{ stripDomain "1.2.3.4:56" }} {{ stripDomain "a.b" }} {{ stripDomain "[::1]:80" }} {{ stripDomain "a" }} {{ stripDomain "1.2.3.4" }}'
  ],
  ['{{ tableLink "up{job=\\"a b\\"}" }} {{ graphLink "rate(x[5m])" }} {{ safeHtml "<b>" }}'],
  ['{{ parseDuration "1h30m" }} {{ parseDuration "100ms" }} {{ parseDuration "1d" | humanizeDuration }}'],
  [
    '{{ query "sum(size)" | first | value }} {{ query "size{disk=\'b\'}" | first | label "zone" }} {{ query "1 + 1" | first | value }}'
  ],
  [
    '{{ with query "size{disk=\'a\'}" }}{{ . | first | value | humanize }}{{ end }} {{ query "size{disk=\'a\'}" | first | strvalue }}'
  ],
  ['{{ query "size" | sortByLabel "disk" | first | label "disk" }} {{ "a.b.c" | reReplaceAll "\\\\." "_" | toUpper }}'],
  // Failures, with Go's words and places.
  ['{{ $labels.no.such }}'],
  ['text\nmore é {{ $value.x }}'],
  ['{{ humanize $labels }}'],
  ['{{ toUpper 5 }}'],
  ['{{ toUpper $value }}'],
  ['{{ "a" | toUpper "b" }}'],
  ['{{ query "nothing" | first }}'],
  ['{{ range $value }}x{{ end }}'],
  ['{{ template "none" }}'],
  ['{{ $labels.job "arg" }}'],
  ['{{ $value 1 }}'],
  ['{{ index $labels 1 }}'],
  ['{{ index (query "nothing") 0 }}'],
  ['{{ gt $value 5 }}'],
  ['{{ lt $labels 5 }}'],
  ['{{ len 5 }}'],
  ['{{ parseDuration "x" }}'],
  ['{{ toUpper }}'],
  ['{{ define "d" }}\n  {{ .x }}{{ end }}{{ template "d" 5 }}'],
  ['{{ if true }}{{ ($labels.job | toUpper).x }}{{ end }}'],
  ['{{ nil }}'],
  ['{{ value nil }}'],
  ['{{ humanize "abc" }}'],
  ['{{ slice "abc" 2 1 }}'],
  ['{{ label 1 (query "size" | first) }}'],
  ['{{ $x = 5 }}'],
  ['{{ first "x" }}']
]

test('templates make the texts that Prometheus makes', { skip }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-templates-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const texts = await Promise.all(CASES.map(([template, value], i) => ours(template, value, i)))
  writeFileSync(join(folder, 'rules.json'), JSON.stringify(rulesFile()))
  writeFileSync(join(folder, 'test.json'), JSON.stringify(testFile(texts)))
  const { passed, output } = promtoolVerdict(path, join(folder, 'test.json'))
  assert.ok(passed, output)
})

const nameOf = (i: number) => `Case${i}`
const exprOf = (value = '1') => `sum by (instance, job) (errors) * 0 + ${value}`

async function ours(template: string, value: string | undefined, i: number): Promise<string> {
  const store = storeOf(SERIES)
  const vectorAt = async (text: string, time: number) => {
    const { value } = await ask(text, store, time)
    return value.type === 'scalar'
      ? [{ labels: Labels.NONE, value: value.value }]
      : value.type === 'vector'
        ? [...value.samples]
        : []
  }
  const [result] = await vectorAt(exprOf(value), 0)
  const data = {
    alert: nameOf(i),
    labels: result!.labels.toJSON(),
    value: result!.value,
    externalLabels: EXTERNAL_LABELS,
    externalUrl: EXTERNAL_URL,
    time: 0
  }
  return expandTemplate(template, data, { ask: vectorAt, templateFailed: () => {} })
}

function rulesFile() {
  const rules = CASES.map(([template, value], i) => ({
    alert: nameOf(i),
    expr: exprOf(value),
    annotations: { text: template }
  }))
  return { groups: [{ name: 'templates', rules }] }
}

function testFile(texts: readonly string[]) {
  const labels = { instance: 'host1.example.com:9100', job: 'node <a>' }
  return {
    rule_files: ['rules.json'],
    tests: [
      {
        interval: '1m',
        input_series: Object.entries(SERIES).map(([series, [value]]) => ({ series, values: String(value) })),
        external_labels: EXTERNAL_LABELS,
        external_url: EXTERNAL_URL,
        alert_rule_test: texts.map((text, i) => ({
          eval_time: '0m',
          alertname: nameOf(i),
          exp_alerts: [{ exp_labels: labels, exp_annotations: { text } }]
        }))
      }
    ]
  }
}
