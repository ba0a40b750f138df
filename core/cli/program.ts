import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { listComponents } from './components.ts'
import { query } from './query.ts'
import { run } from './run.ts'
import { printSchema } from './schema.ts'
import type { Terminal } from './terminal.ts'
import { validate } from './validate.ts'

const { version: VERSION } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

/** The commands; each resolves to an exit code, which `exit` gets. */
export function makeProgram(terminal: Terminal, exit: (code: number) => void): Command {
  const program = new Command('weir')
    .description('Collects metrics and events, counts them exactly in windows, and stores them: as one YAML file says.')
    .configureOutput({
      writeOut: text => terminal.out(text.trimEnd()),
      writeErr: text => terminal.error(text.trimEnd())
    })
    .version(VERSION, '--version', 'print the version')
    .exitOverride()
  program
    .command('run')
    .description('Run the pipelines until SIGTERM or Ctrl-C, then drain.')
    .addOption(configOption().makeOptionMandatory())
    .option('--discard-state', 'forget the state of the last run instead of restoring it', false)
    .action(async options => exit(await run(terminal, options.config, { discardState: options.discardState })))
  program
    .command('validate')
    .description('Check configuration files and print the graph; nothing is started.')
    .argument('[files...]', 'configuration files, as with --config')
    .addOption(configOption())
    .option('--probe', 'also ask every backend whether it answers', false)
    .action(async (files, options) =>
      exit(await validate(terminal, [...(options.config ?? []), ...files], options.probe))
    )
  program
    .command('components')
    .description('List the components there are, or the options of one.')
    .argument('[type]', 'such as otlp or windowed_counter')
    .action(async type => exit(await listComponents(terminal, type)))
  program
    .command('schema')
    .description('Print the JSON Schema of the configuration file, for editors.')
    .action(async () => exit(await printSchema(terminal)))
  program
    .command('query')
    .description('Ask a running Weir by SQL (read-only).')
    .argument('<sql>', 'the query')
    .option('--admin <url>', 'admin server of the running Weir', 'http://127.0.0.1:13133')
    .option('--exporter <id>', 'which exporter to ask, where several answer SQL')
    .option('--format <name>', 'a ClickHouse output format', 'PrettyCompactMonoBlock')
    .action(async (sql, options) => exit(await query(terminal, sql, options)))
  return program
}

function configOption(): Option {
  return new Option(
    '-c, --config <file>',
    'configuration file; given again, later files are merged over earlier ones'
  ).argParser((file: string, files: string[] | undefined) => [...(files ?? []), file])
}
