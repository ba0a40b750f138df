import { existsSync } from 'node:fs'
import path from 'node:path'
import { cruise, type ICruiseResult, type IForbiddenRuleType, type IViolation } from 'dependency-cruiser'

/** Everything that imports. Files outside of these folders are only looked at if one of these imports them. */
const CRUISED = [
  'core',
  'sdk',
  'receivers',
  'processors',
  'exporters',
  'extensions',
  'bin',
  'bench',
  'scripts',
  'test',
  'docs/examples',
  'web'
]
const COMPONENT = '^(receivers|processors|exporters|extensions)/([^/]+)/'
const BUILT_INS = '^built-ins\\.ts$'

/**
 * The layers of core, the lowest first: a file imports its own layer and lower ones. A file belongs to the first layer
 * whose pattern it matches.
 */
const LAYERS: readonly (readonly [name: string, path: string])[] = [
  ['errors', '^core/(errors|heap-growth|package-root|packages|plural|readable|rxjs)\\.ts$'],
  ['schema', '^core/schema/'],
  // Attributes are kept as protobuf writes them.
  ['protobuf', '^core/wire/protobuf/'],
  ['model', '^core/model/'],
  ['wire', '^core/wire/'],
  // Stores answer both.
  ['promql', '^core/(promql|event-queries)/'],
  ['telemetry', '^core/telemetry/'],
  ['journal', '^core/journal/'],
  // Batches and their credits are part of the plugin contract, so they lie below it.
  ['batch', '^core/batch/'],
  ['plugin', '^core/plugin/'],
  ['queries', '^core/queries/'],
  ['http', '^core/(http|grpc|kafka)/'],
  ['config', '^core/config/'],
  ['rules', '^core/rules/'],
  ['pipeline', '^core/pipeline/'],
  ['windows', '^core/windows/'],
  ['config-tests', '^core/config-tests/'],
  ['admin', '^core/admin/'],
  ['cli', '^core/cli/'],
  ['main', '^core/(main|worker|query-worker)\\.ts$']
]
const LAYER_PATHS = LAYERS.map(([, path]) => path)

/** Files that no file imports, because a process or a user starts there. */
const STARTED = [
  '^bin/',
  '^core/(main|worker|query-worker)\\.ts$',
  '^sdk/plugin/(index|contract-test|testing)\\.ts$',
  '^sdk/client/((browser/|opentelemetry/|express/)?index|express/fastify)\\.ts$',
  '^exporters/clickhouse/engine-main\\.ts$',
  '^exporters/clickhouse/promql/open\\.ts$',
  '^receivers/statsd/sockets/udp-reader-main\\.ts$',
  '^(bench|scripts)/',
  '^web/app/main\\.ts$',
  '\\.test\\.ts$',
  '^docs/examples/',
  // Plugins of golden cases, a command of package.json, and programs that tests start.
  '^test/cases/config/',
  '^test/integrity/(torture|kafka-torture|refusals|promql-differential|import-equivalence|five-minutes|remote-write-compliance|stepping-clock|fatal-receiver)\\.ts$',
  '^test/core/garbage-beside-table\\.ts$',
  '^test/core/pipeline/workers/worker-entry\\.ts$',
  '^test/e2e/tenant-flood\\.ts$',
  '^test/servers/clickhouse-front\\.ts$',
  '^test/otlp-clients/client\\.ts$',
  '^test/sdk/client/programs/',
  '^test/exporters/clickhouse/hold-folder\\.ts$'
]

/** An example imports it by its name, as applications do; `npm run build:client` makes it. */
const BUILT_PACKAGE = '^weir-client$'

/** They import types alone, so that they run in browsers too. */
const SHARED_WITH_PAGE =
  '^core/admin/dashboards/(variables|event-question)\\.ts$|^core/admin/rates\\.ts$|^core/readable\\.ts$'

const layerRules: IForbiddenRuleType[] = LAYERS.slice(0, -1).map(([name, path], i) => ({
  name: `layer-${name}`,
  comment: `core/${name} is a lower layer; move the type or constant down`,
  from: { path, pathNot: LAYER_PATHS.slice(0, i) },
  to: { path: LAYER_PATHS.slice(i + 1), pathNot: LAYER_PATHS.slice(0, i + 1) }
}))

const RULES: IForbiddenRuleType[] = [
  { name: 'circle', from: {}, to: { circular: true } },
  ...layerRules,
  {
    name: 'no-layer',
    comment: 'it is in no layer of scripts/import-rules.ts; name its folder there',
    from: {},
    to: { path: '^core/', pathNot: LAYER_PATHS }
  },
  {
    name: 'core-imports-component',
    comment: 'core knows no component and no part of the SDK',
    from: { path: '^core/' },
    to: { path: [COMPONENT, '^sdk/'] }
  },
  {
    name: 'component-imports',
    comment:
      'components import sdk/plugin, core/{model,wire,promql,event-queries,queries,rules,http,grpc,kafka,windows}, core/{plural,rxjs}.ts and their own folder',
    from: { path: COMPONENT },
    to: {
      path: '^(core|sdk|receivers|processors|exporters|extensions)/',
      pathNot: [
        '^$1/$2/',
        '^sdk/plugin/',
        '^core/((model|wire|promql|event-queries|queries|rules|http|grpc|kafka|windows)/|(plural|rxjs)\\.ts$)'
      ]
    }
  },
  {
    name: 'built-ins',
    comment: 'only core/main.ts, core/worker.ts and scripts may import the list of components',
    from: { pathNot: ['^core/(main|worker)\\.ts$', '^(scripts|test)/'] },
    to: { path: BUILT_INS }
  },
  {
    name: 'shipped-imports',
    comment: 'it is not part of the npm package',
    from: { path: ['^(core|sdk|receivers|processors|exporters|extensions|bin)/', BUILT_INS] },
    to: { path: '^(bench|scripts|test|docs)/' }
  },
  {
    name: 'page-imports',
    comment: 'the page runs in browsers; of other folders it may import types, and the files of SHARED_WITH_PAGE',
    from: { path: '^web/' },
    to: {
      path: '^(core|sdk|receivers|processors|exporters|extensions)/',
      pathNot: SHARED_WITH_PAGE,
      dependencyTypesNot: ['type-only']
    }
  },
  {
    name: 'shared-with-page',
    comment: 'the page imports it, so it may import types, and the files of SHARED_WITH_PAGE',
    from: { path: SHARED_WITH_PAGE },
    to: { pathNot: SHARED_WITH_PAGE, dependencyTypesNot: ['type-only'] }
  },
  {
    name: 'page-layers',
    comment: 'the layers of web are ui, app, panels, and the folders of the tabs',
    from: { path: '^web/ui/' },
    to: { path: '^web/', pathNot: ['^web/ui/', '^web/app/(promql|place)\\.ts$'] }
  },
  {
    name: 'client-imports',
    comment: 'applications install the client without Weir, so it imports nothing of it',
    from: { path: '^sdk/client/' },
    to: { path: '^(core|sdk/plugin|receivers|processors|exporters|extensions)/' }
  },
  {
    name: 'pipeline-tests',
    comment: 'tests of pipelines build what they test; import no component',
    from: { path: '^test/core/pipeline/' },
    to: { path: COMPONENT }
  },
  {
    name: 'unresolvable',
    comment: 'there is no such file or package',
    from: {},
    to: { couldNotResolve: true, pathNot: BUILT_PACKAGE }
  },
  {
    name: 'not-imported',
    comment: 'no shipped file imports it; remove it, or move it to test/',
    from: { pathNot: '^test/' },
    module: {
      path: ['^(core|sdk|receivers|processors|exporters|extensions)/'],
      pathNot: STARTED,
      numberOfDependentsLessThan: 1
    }
  },
  {
    name: 'not-imported-helper',
    comment: 'no file imports it; remove it',
    from: {},
    module: { path: '^test/.*\\.ts$', pathNot: STARTED, numberOfDependentsLessThan: 1 }
  }
]

/** Imports under `root` that break a rule: one sentence each. */
export async function checkImports(root: string): Promise<string[]> {
  const { output } = await cruise(
    CRUISED.filter(folder => existsSync(path.join(root, folder))),
    {
      baseDir: root,
      validate: true,
      ruleSet: { forbidden: RULES.map(rule => ({ severity: 'error', ...rule })) },
      parser: 'tsc',
      tsPreCompilationDeps: true,
      doNotFollow: { path: 'node_modules' },
      enhancedResolveOptions: {
        exportsFields: ['exports'],
        conditionNames: ['weir-source', 'import', 'node', 'default', 'types'],
        extensions: ['.ts', '.js']
      }
    }
  )
  const { totalCruised, violations } = (output as ICruiseResult).summary
  // Without a TypeScript it understands, dependency-cruiser looks at no file and finds nothing wrong.
  if (totalCruised === 0) return ['dependency-cruiser has read no file: see which TypeScript it supports']
  return violations.map(describe)
}

function describe({ rule, from, to, cycle }: IViolation): string {
  if (cycle !== undefined) return `imports run in a circle: ${[from, ...cycle.map(({ name }) => name)].join(' → ')}`
  const { comment } = RULES.find(({ name }) => name === rule.name)!
  return from === to ? `${from}: ${comment}` : `${from} imports ${to}: ${comment}`
}
