import path from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../../e2e/weir-process.ts'
import { requireProgram } from '../../servers/program.ts'
import { assertConforms } from './conformance.ts'

const python = await requireProgram({ binary: 'python3', hint: 'See https://www.python.org/downloads' })

test('Python: everything is counted once, whatever happens on the way', {
  timeout: 180_000,
  skip: python.skip
}, t => {
  const program = path.join(import.meta.dirname, 'programs/python.py')
  const environment = [`PYTHONPATH=${path.join(ROOT, 'sdk/python/src')}`, 'PYTHONDONTWRITEBYTECODE=1']
  return assertConforms(t, ['env', ...environment, python.path, program])
})
