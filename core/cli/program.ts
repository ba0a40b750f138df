import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { PACKAGE_ROOT } from '../package-root.ts'
import { KINDS } from '../plugin/registry.ts'
import { TOOLS } from './import/tool.ts'
import type { Terminal } from './terminal.ts'

const { version: VERSION } = JSON.parse(readFileSync(path.join(PACKAGE_ROOT, 'package.json'), 'utf8'))

/**
 * The commands; each resolves to an exit code, which `exit` gets. Each loads its own code: `run` alone needs most of the
 * modules, and loading these takes longer than most other commands.
 */
export function makeProgram(terminal: Terminal, exit: (code: number) => void): Command {
  const program = new Command('weir')
    .description('Collects metrics and events, counts them exactly in windows, and stores them: as one YAML file says.')
    .configureOutput({
      writeOut: text => terminal.out(text.trimEnd()),
      writeErr: text => terminal.error(text.trimEnd())
    })
    .version(VERSION, '--version', 'print the version')
    .exitOverride()
  addRunning(program, terminal, exit)
  addDescribing(program, terminal, exit)
  addAsking(program, terminal, exit)
  addRules(program, terminal, exit)
  addImport(program, terminal, exit)
  addJournal(program, terminal, exit)
  addDeadLetters(program, terminal, exit)
  addKafka(program, terminal, exit)
  addPlugin(program, terminal, exit)
  return program
}

function addRunning(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('run')
    .description('Run the pipelines until SIGTERM or Ctrl-C, then drain.')
    .addOption(configOption().makeOptionMandatory())
    .option('--discard-state', 'start without the state of the last run', false)
    .option('--watch', 'reload when a configuration file changes', false)
    .action(async ({ config, discardState, watch }) => {
      const { run } = await import('./run.ts')
      exit(await run(terminal, config, { discardState, watch }))
    })
  program
    .command('reload')
    .description('Make a running Weir read its configuration files again; SIGHUP does the same.')
    .addOption(adminOption())
    .action(async options => {
      const { reload } = await import('./reload.ts')
      exit(await reload(terminal, options))
    })
  program
    .command('validate')
    .description('Check configuration files and print the graph; nothing is started.')
    .argument('[files...]', 'configuration files, as with --config')
    .addOption(configOption())
    .option('--probe', 'also send a request to every backend', false)
    .action(async (files, options) => {
      const { validate } = await import('./validate.ts')
      exit(await validate(terminal, [...(options.config ?? []), ...files], options.probe))
    })
}

function addDescribing(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('components')
    .description('List all components, or the options of one.')
    .argument('[type]', 'such as otlp or windowed_counter')
    .action(async type => {
      const { listComponents } = await import('./components.ts')
      exit(await listComponents(terminal, type))
    })
  const schema = program
    .command('schema')
    .description('Print the JSON Schema of the configuration file, for editors.')
    .action(async () => {
      const { printSchema } = await import('./schema.ts')
      exit(await printSchema(terminal))
    })
  schema
    .command('check')
    .description('Print the events that fit old JSON Schemas and not new ones, with exit code 1 if there are such.')
    .argument('<old>', 'file, or folder as in the option schemas of the http receiver')
    .argument('<new>', 'the same, changed')
    .action(async (before, after) => {
      const { checkSchemas } = await import('./schema-check.ts')
      exit(checkSchemas(terminal, before, after))
    })
}

function addAsking(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('top')
    .description('Show rates, queues, drops by reason and lags of a running Weir, anew each second.')
    .addOption(adminOption())
    .option('--once', 'print one table, and end', false)
    .action(async options => {
      const { top } = await import('./top/top.ts')
      exit(await top(terminal, options))
    })
  program
    .command('tap')
    .description('Print items that pass a component of a running Weir, sampled and without secrets, as JSON lines.')
    .argument('<component>', 'such as receiver/otlp, processor/windowed_counter or exporter/clickhouse')
    .addOption(adminOption())
    .option('--pipeline <name>', 'the pipeline, of a processor that is part of several')
    .option('--side <side>', 'received or sent; by default what exporters receive, and others send')
    .option('--limit <items>', 'end after so many items', wholeNumber)
    .option('--rate <items>', 'most items a second, up to 100; 10 by default', wholeNumber)
    .action(async (component, options) => {
      const { tap } = await import('./tap.ts')
      exit(await tap(terminal, component, options))
    })
  program
    .command('why')
    .description('Print the way of a series through the components of a running Weir: where it goes, or ends, and why.')
    .argument('<metric>', 'its name, as it was sent or as Prometheus has it')
    .argument('[labels...]', 'labels of the series, as name=value')
    .addOption(adminOption())
    .option('--kind <kind>', 'such as event, gauge or counter')
    .action(async (metric, labels, options) => {
      const { why } = await import('./why.ts')
      exit(await why(terminal, metric, labels, options))
    })
  program
    .command('query')
    .description('Query a running Weir by SQL (read-only).')
    .argument('<sql>', 'the query')
    .addOption(adminOption())
    .option('--exporter <id>', 'the exporter to query, if several answer SQL')
    .option('--format <name>', 'a ClickHouse output format', 'PrettyCompactMonoBlock')
    .action(async (sql, options) => {
      const { query } = await import('./query.ts')
      exit(await query(terminal, sql, options))
    })
}

function addRules(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('test')
    .description(
      'Run unit tests of configurations, and of Prometheus rules as promtool does; exit code 1 if one fails.'
    )
    .argument('<files...>', 'files of tests; each names its configuration, or its rule files')
    .action(async files => {
      const { runTests } = await import('./test.ts')
      exit(await runTests(terminal, files))
    })
}

function addImport(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('import')
    .description('Write the configuration that does what one of another tool does, with comments on what has no twin.')
    .argument('<file>', 'of the OpenTelemetry Collector, of vmagent, or of statsd')
    .addOption(new Option('--from <tool>', 'the tool, if the content does not tell').choices(TOOLS))
    .option('-o, --output <file>', 'file to write; by default standard output')
    .action(async (file, options) => {
      const { importConfig } = await import('./import.ts')
      exit(await importConfig(terminal, file, options))
    })
}

function addJournal(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const journal = program
    .command('journal')
    .description('Inspect and repair the journal of a Weir that is not running.')
  journal
    .command('inspect')
    .description('Print the segments and the checkpoint.')
    .argument('<folder>', 'service.journal.folder')
    .action(async folder => {
      const { inspectJournal } = await import('./journal.ts')
      exit(await inspectJournal(terminal, folder))
    })
  journal
    .command('verify')
    .description('Check every frame; for a damaged one, print its position, with exit code 1.')
    .argument('<folder>', 'service.journal.folder')
    .action(async folder => {
      const { verifyJournal } = await import('./journal.ts')
      exit(await verifyJournal(terminal, folder))
    })
  journal
    .command('truncate')
    .description('Print the loss if the journal ended at a position in a segment; with --yes end it there.')
    .argument('<folder>', 'service.journal.folder')
    .requiredOption('--segment <file>', 'name of the segment')
    .requiredOption('--offset <bytes>', 'start of a frame, as printed by verify', Number)
    .option('--yes', 'do it', false)
    .action(async (folder, options) => {
      const { truncateJournal } = await import('./journal.ts')
      exit(await truncateJournal(terminal, folder, options))
    })
  journal
    .command('replay')
    .description('Print the effect of processing the journal from an entry on; with --yes the next start does so.')
    .argument('<folder>', 'service.journal.folder')
    .requiredOption('--from <entry>', 'number of the entry, as printed by inspect', wholeNumber)
    .option('--yes', 'do it', false)
    .action(async (folder, options) => {
      const { replayJournal } = await import('./journal.ts')
      exit(await replayJournal(terminal, folder, options))
    })
}

function addDeadLetters(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const dlq = program
    .command('dlq')
    .description('List and replay dead letters: items that could not be delivered for good.')
  dlq
    .command('list')
    .description('Print the dead letters: time, component, number of items, reason.')
    .argument('<folder>', 'service.dead_letters.folder; with a journal, dead_letters in its folder')
    .action(async folder => {
      const { listDeadLetters } = await import('./dlq.ts')
      exit(await listDeadLetters(terminal, folder))
    })
  dlq
    .command('replay')
    .description('Make a running Weir deliver them again; delivered ones are removed.')
    .option('--number <n>', 'only this one, as list numbers them', wholeNumber)
    .addOption(adminOption())
    .action(async options => {
      const { replayDeadLetters } = await import('./dlq.ts')
      exit(await replayDeadLetters(terminal, options))
    })
}

function addKafka(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('kafka')
    .description('Move the consumer group of a kafka receiver that does not run.')
    .command('seek')
    .description('Print where the group would begin; with --yes move it there. Its state is discarded.')
    .addOption(configOption().makeOptionMandatory())
    .option('--receiver <id>', 'the kafka receiver, if the configuration has several')
    .requiredOption('--to <place>', 'earliest, latest, an offset, or a time such as 2026-11-01T00:00:00Z')
    .option('--yes', 'do it', false)
    .action(async options => {
      const { seekGroup } = await import('./kafka.ts')
      exit(await seekGroup(terminal, options))
    })
}

function addPlugin(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const plugin = program.command('plugin').description('Begin a plugin, and check that one keeps the contract.')
  plugin
    .command('new')
    .description('Make a folder with a plugin that works: source, test, configuration, README and npm package.')
    .addArgument(new Argument('<kind>', 'kind of the plugin').choices(KINDS))
    .argument('<name>', 'its type in configurations, in lower_snake_case')
    .argument('[folder]', 'the folder, which must not exist; by default the name with hyphens')
    .action(async (kind, name, folder) => {
      const { newPlugin } = await import('./plugin-new.ts')
      exit(await newPlugin(terminal, kind, name, folder))
    })
  plugin
    .command('check')
    .description('Run the contract on the plugins of a module; for each rule that one breaks, print how to mend it.')
    .argument('<module>', 'file, or npm package, as in plugins of a configuration')
    .option('--type <type>', 'the plugin, of a module that has several')
    .option('--options <yaml>', "the least that a user must write, as in 'port: 0'")
    .option('--optional <path...>', 'options without a default that may be left out')
    .option('--unreachable', 'nobody listens at the address in the options of an exporter', false)
    .action(async (module, options) => {
      const { checkPlugin } = await import('./plugin-check.ts')
      exit(await checkPlugin(terminal, module, options))
    })
}

function adminOption(): Option {
  return new Option('--admin <url>', 'admin server of the running Weir')
    .env('WEIR_ADMIN_URL')
    .default('http://127.0.0.1:13133')
    .argParser(url)
}

function configOption(): Option {
  return new Option(
    '-c, --config <file>',
    'configuration file; given again, later files are merged over earlier ones'
  ).argParser((file: string, files: string[] | undefined) => [...(files ?? []), file])
}

function url(text: string): string {
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? ''))
    throw new InvalidArgumentError('It must be a URL, as in http://127.0.0.1:13133.')
  return text
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number, as in 17.')
  return Number(text)
}
