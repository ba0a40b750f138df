import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  byteSize,
  type ConfigOf,
  defineExporter,
  defineProcessor,
  duration,
  type EventBlock,
  type PointBlock
} from '../../../sdk/plugin/index.ts'
import { testConfig } from '../../../sdk/plugin/testing.ts'

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const isTrue = <_ extends true>() => {}

const schema = {
  type: 'object',
  required: ['url'],
  properties: {
    url: { type: 'string', description: 'Where to.' },
    wait: duration({ description: 'How long.', default: '2s' }),
    size: byteSize({ description: 'How much.' }),
    mode: { enum: ['a', 'b'], description: 'How.', default: 'a' },
    tags: { type: 'array', items: { type: 'integer' }, description: 'Which.', default: [] },
    retry: {
      type: 'object',
      description: 'Again.',
      default: {},
      properties: { attempts: { type: 'integer', description: 'Times.', default: 3 } }
    }
  }
} as const

it('a configuration has the type that its schema says', () => {
  isTrue<
    Equals<
      ConfigOf<typeof schema>,
      {
        readonly url: string
        readonly wait: number
        readonly mode: 'a' | 'b'
        readonly tags: readonly number[]
        readonly retry: { readonly attempts: number }
        readonly size?: number
      }
    >
  >()
  const plugin = defineExporter({
    type: 'sample',
    stability: 'beta',
    description: 'Is a sample.',
    schema,
    ports: { in: 'events' },
    create: config => ({
      async export(block) {
        isTrue<Equals<typeof block, EventBlock>>()
        isTrue<Equals<typeof config, ConfigOf<typeof schema>>>()
      }
    })
  })
  const config = testConfig(plugin, { url: 'http://a', size: '2KiB' })
  assert.deepEqual(config, { url: 'http://a', wait: 2000, size: 2048, mode: 'a', tags: [], retry: { attempts: 3 } })
})

it('process has the type of the port', () => {
  const plugin = defineProcessor({
    type: 'sample',
    stability: 'beta',
    description: 'Is a sample.',
    schema: { type: 'object', properties: {} },
    ports: { in: 'points', out: 'points' },
    create: () => ({
      process(block) {
        isTrue<Equals<typeof block, PointBlock>>()
        return block
      }
    })
  })
  assert.equal(plugin.kind, 'processor')
})
