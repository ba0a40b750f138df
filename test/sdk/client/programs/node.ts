// The program of the conformance test, see ../conformance.ts, for Node.
import { createClient } from '../../../../sdk/client/index.ts'
import { record } from './calls.ts'

const [endpoint, seconds] = process.argv.slice(2)
const client = createClient({ endpoint, resource: { 'service.name': 'conformance' }, onDiagnostic: () => {} })
console.log(JSON.stringify(await record(client, Number(seconds))))
