import { Draft } from '../draft.ts'
import { mapTexts, Options } from '../options.ts'
import { scrapeConfigs } from '../scrape-configs.ts'
import type { Yaml } from '../yaml.ts'
import { withVariables } from './variables.ts'

const ENDPOINT = '${env:REMOTE_WRITE_URL:-http://127.0.0.1:8428/api/v1/write}'

/** A `prometheus.yml`: the file of vmagent's `-promscrape.config`, with Prometheus's `remote_write` if it has that. */
export function importScrapeFile(value: unknown): Draft {
  const draft = new Draft('Written by weir import from a file of scrape configs.')
  const config = new Options(mapTexts(value, withVariables))
  const labels = config.at('global').at('external_labels')
  const external = Object.fromEntries(labels.keys.map(key => [key, labels.text(key) ?? '']))
  const external_labels = labels.keys.length > 0 ? external : undefined
  const writes = config.each('remote_write')
  if (writes.length === 0) draft.keepComment('exporters', "vmagent's -remoteWrite.url.")
  const exporters =
    writes.length === 0
      ? [draft.add('exporters', 'victoriametrics', exporter(ENDPOINT, external_labels))]
      : writes.map(write => addWrite(draft, write, external_labels))
  const notes: string[] = []
  const scrape_configs = scrapeConfigs(config, notes)
  draft.add('receivers', 'prometheus', { scrape_configs }, notes)
  noteOthers(draft, config)
  draft.addPipeline('scraped', { receivers: ['prometheus'], processors: [], exporters })
  return draft
}

function noteOthers(draft: Draft, config: Options): void {
  if (config.has('rule_files') || config.has('alerting'))
    draft.note(
      draft.service,
      'rule_files and alerting: the receiver rules evaluates them, on an exporter whose store answers PromQL.'
    )
  for (const known of ['rule_files', 'alerting', 'remote_write']) config.value(known)
  for (const option of config.unread())
    if (!option.startsWith('remote_write.')) draft.note(draft.service, `${option} has no twin.`)
}

function addWrite(draft: Draft, write: Options, external_labels: Yaml | undefined): string {
  const notes: string[] = []
  const headers = write.at('headers')
  const basic = write.at('basic_auth')
  const token = write.at('authorization').text('credentials') ?? write.text('bearer_token')
  const more = {
    ...(headers.keys.length > 0
      ? { headers: Object.fromEntries(headers.keys.map(key => [key, headers.text(key) ?? ''])) }
      : {}),
    ...(basic.has('username')
      ? { basic_auth: { username: basic.text('username') ?? '', password: basic.text('password') ?? '' } }
      : {}),
    ...(token === undefined ? {} : { bearer_token: token })
  }
  const name = write.text('name')
  write.at('authorization').value('type')
  const url = write.text('url') ?? ENDPOINT
  for (const known of [
    'protobuf_message',
    'send_exemplars',
    'send_native_histograms',
    'queue_config',
    'metadata_config'
  ])
    write.value(known)
  notes.push(...write.unread().map(option => `remote_write.${option} has no twin.`))
  const id = name === undefined ? 'victoriametrics' : `victoriametrics/${name.replaceAll(/[^\w.-]/g, '_')}`
  return draft.add('exporters', id, { ...exporter(url, external_labels), ...more }, notes)
}

/** Names stay as they were scraped. */
function exporter(endpoint: string, external_labels: Yaml | undefined): { [key: string]: Yaml } {
  const names = { translation_strategy: 'UnderscoreEscapingWithoutSuffixes', target_info: false }
  return external_labels === undefined ? { endpoint, ...names } : { endpoint, ...names, external_labels }
}
