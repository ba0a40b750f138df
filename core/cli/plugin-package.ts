import { readFileSync } from 'node:fs'
import path from 'node:path'
import { PACKAGE_ROOT } from '../package-root.ts'
import type { Kind, Plugin } from '../plugin/contract.ts'

export const { version: WEIR_VERSION, engines: ENGINES } = JSON.parse(
  readFileSync(path.join(PACKAGE_ROOT, 'package.json'), 'utf8')
)

/** `drop_some` as files and packages are named: `drop-some`. */
export const kebab = (type: string) => type.replaceAll('_', '-')

/**
 * package.json of a plugin's package: Node runs no TypeScript in node_modules, so JavaScript is published. Weir itself is
 * an optional peer: the one that loads the plugin provides it, and npm looks for it in no registry.
 * @param checkOptions options of `weir plugin check`, in the words of a shell
 */
export function manifest(kind: Kind, type: string, checkOptions = ''): object {
  const file = kebab(type)
  return {
    name: `weir-plugin-${file}`,
    version: '0.1.0',
    description: `A ${kind} of Weir`,
    keywords: ['weir', 'weir-plugin', kind],
    type: 'module',
    exports: { types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` },
    files: ['dist', '!dist/*.test.*'],
    engines: ENGINES,
    scripts: {
      test: 'node --test *.test.ts',
      check: `tsc --noEmit && weir plugin check ${file}.ts${checkOptions}`,
      start: `weir run --config ${file}.yaml`,
      prepack: 'tsc'
    },
    peerDependencies: { weir: `>=${WEIR_VERSION}` },
    peerDependenciesMeta: { weir: { optional: true } },
    devDependencies: { typescript: '^7.0.2' }
  }
}

export const TSCONFIG = {
  compilerOptions: {
    strict: true,
    module: 'nodenext',
    target: 'es2024',
    types: ['node'],
    erasableSyntaxOnly: true,
    rewriteRelativeImportExtensions: true,
    declaration: true,
    outDir: 'dist'
  }
}

/** README.md of a plugin's package. @param example the page of Weir's documentation that the plugin begins as */
export function readme({ kind, type, description, schema }: Plugin, example: string): string {
  const file = kebab(type)
  const required = (schema.required ?? []) as readonly string[]
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Record<string, unknown>>)
  const options = properties.map(([name, option]) => {
    const value = required.includes(name) ? 'required' : `\`${option.default}\``
    return `| \`${name}\` | ${value} | ${option.description} |`
  })
  return `# weir-plugin-${file}

The ${kind} \`${type}\` for Weir. ${description}

| Option | Default | |
| --- | --- | --- |
${options.join('\n')}

\`${file}.yaml\` is a configuration with it. If the package is installed beside a configuration, \`plugins\` names it:

\`\`\`yaml
plugins: [weir-plugin-${file}]
\`\`\`

## Work on it

It begins as the example \`${example}\` of Weir's documentation, which \`docs/plugins.md\` explains.

\`\`\`sh
npm install
npm test
npm run check
npm start
\`\`\`

\`npm test\` runs \`${file}.test.ts\`: the contract of plugins, and tests of its own. \`npm run check\` checks the types, and the
contract again, with advice. \`npm start\` runs \`${file}.yaml\`. All of them need Weir, in \`node_modules\` here or in a folder
above.

## Publish it

\`npm publish\` compiles it to JavaScript first: Node runs no TypeScript in \`node_modules\`.
`
}
