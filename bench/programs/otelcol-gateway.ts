import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../test/servers/free-port.ts'
import { OTELCOL } from './peers.ts'
import { ProgramProcess } from './process.ts'

const run = promisify(execFile)

/** Whether an otelcol with the exporter `kafka` is on PATH. */
export async function hasOtelcolKafka(): Promise<boolean> {
  const { stdout } = await run(OTELCOL, ['components']).catch(() => ({ stdout: '' }))
  const exporters = /^exporters:\n((?:[ -].*\n?)*)/m.exec(stdout)?.[1] ?? ''
  return /name: kafka$/m.test(exporters)
}

/** From OTLP/HTTP to Kafka. It answers once a request is in its queue, which is no longer than by default. */
export async function startOtelcolGateway(
  folder: string,
  port: number,
  broker: string,
  topic: string,
  compression: string
): Promise<ProgramProcess> {
  const healthPort = await freePort()
  const file = path.join(folder, 'otelcol.yaml')
  writeFileSync(
    file,
    `
receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:${port} } } } }
exporters:
  kafka:
    brokers: ['${broker}']
    metrics: { topic: ${topic}, encoding: otlp_proto }
    producer: { compression: ${compression}, required_acks: -1 }
    sending_queue: { block_on_overflow: true }
extensions: { health_check: { endpoint: 127.0.0.1:${healthPort} } }
service:
  extensions: [health_check]
  telemetry: { metrics: { level: none }, logs: { level: error } }
  pipelines: { metrics: { receivers: [otlp], exporters: [kafka] } }
`
  )
  return ProgramProcess.start([OTELCOL, '--config', file], folder, `http://127.0.0.1:${healthPort}/`)
}
