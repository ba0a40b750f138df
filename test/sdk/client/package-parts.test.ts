// The parts of the package weir-client that belong to frameworks, as applications import them.
import assert from 'node:assert/strict'
import { symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { buildClient } from '../../../scripts/build-client.ts'
import { ROOT, Sandbox } from '../../e2e/weir-process.ts'
import { requireNpmPackage } from '../../servers/npm-package.ts'

const fastify = await requireNpmPackage('fastify', '5.12.8')
const PARTS = { express: 'weirExpress', fastify: 'weirFastify', opentelemetry: 'WeirMetricExporter' }
/** Packages of applications. */
const PEERS = ['@opentelemetry', '@types', 'express']
const TYPED = `
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import express from 'express'
import Fastify from 'fastify'
import { createClient } from 'weir-client'
import { weirExpress } from 'weir-client/express'
import { weirFastify } from 'weir-client/fastify'
import { WeirMetricExporter } from 'weir-client/opentelemetry'

const client = createClient({ endpoint: 'http://127.0.0.1:4318' })
express().use(weirExpress(client))
Fastify().register(weirFastify, { client })
new PeriodicExportingMetricReader({ exporter: new WeirMetricExporter({ endpoint: 'http://127.0.0.1:4318' }) })
`

test('parts of the package weir-client', async t => {
  const sandbox = await Sandbox.open(t)
  await buildClient(sandbox.path('node_modules/weir-client'))
  for (const name of PEERS) await symlink(path.join(ROOT, 'node_modules', name), sandbox.path('node_modules', name))
  for (const [part, name] of Object.entries(PARTS)) {
    await t.test(`import of ${part}`, () =>
      run(
        process.execPath,
        '--input-type=module',
        '--eval',
        `import { ${name} } from 'weir-client/${part}'; ${name}.name`
      )
    )
    await t.test(`require of ${part}`, () =>
      run(process.execPath, '--eval', `if (!require('weir-client/${part}').${name}) process.exit(1)`)
    )
  }
  await t.test('types', { skip: fastify.skip }, async () => {
    await symlink(fastify.path, sandbox.path('node_modules/fastify'))
    const files = ['module.mts', 'commonjs.cts']
    for (const file of files) await writeFile(sandbox.path(file), TYPED)
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', 'node']
    await run(path.join(ROOT, 'node_modules/.bin/tsc'), ...options, ...files)
  })

  async function run(program: string, ...args: string[]): Promise<void> {
    const { code, stdout, stderr } = await sandbox.run(program, args)
    assert.equal(code, 0, stdout + stderr)
  }
})
