import { closed } from '../config/schema.ts'
import { SERVICE_SCHEMA } from '../config/service.ts'
import { fullSchema } from '../config/validate.ts'
import { KINDS } from '../plugin/registry.ts'
import { allPlugins } from './components.ts'
import { EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** Prints the JSON Schema of the whole file. */
export async function printSchema(terminal: Terminal): Promise<number> {
  terminal.out(JSON.stringify(await fileSchema(terminal), null, 2))
  return EXIT.ok
}

async function fileSchema(terminal: Terminal): Promise<object> {
  const plugins = await allPlugins(terminal)
  const sections = KINDS.map(kind => {
    const own = plugins.filter(plugin => plugin.kind === kind)
    // A component with nothing to say is `otlp:`, which is null.
    const patternProperties = Object.fromEntries(
      own.map(plugin => [
        `^${plugin.type}(/.+)?$`,
        { description: plugin.description, anyOf: [closed(fullSchema(plugin)), { type: 'null' }] }
      ])
    )
    return [`${kind}s`, { type: 'object', description: `The ${kind}s, by type or type/name.`, patternProperties }]
  })
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Weir configuration',
    type: 'object',
    additionalProperties: false,
    required: ['service'],
    properties: {
      plugins: {
        type: 'array',
        items: { type: 'string' },
        description: 'Plugins beyond the built-in ones: npm packages, or paths as seen from this file.'
      },
      ...Object.fromEntries(sections),
      service: SERVICE_SCHEMA
    }
  }
}
