import type { TestContext as NodeTest } from 'node:test'
import plugin from '../../../receivers/otlp/index.ts'
import { OtlpReceiver } from '../../../receivers/otlp/receiver.ts'
import type { Batch, Block } from '../../../sdk/plugin/index.ts'
import { type TestContext, testConfig, testContext } from '../../../sdk/plugin/testing.ts'

export interface Running {
  readonly context: TestContext
  readonly receiver: OtlpReceiver
  /** Of `/v1/metrics`. */
  readonly url: string
  /** `host:port` of gRPC. */
  readonly grpc: string
  readonly blocks: Block[]
  /** What is done with the next batches; acknowledged unless set. */
  settle: (batch: Batch) => void
}

/** A receiver on free ports, stopped when the test ends. */
export async function running(t: NodeTest, http: object = {}, grpc: object = {}): Promise<Running> {
  const context = testContext('otlp')
  const endpoint = '127.0.0.1:0'
  const config = testConfig(plugin, { protocols: { http: { endpoint, ...http }, grpc: { endpoint, ...grpc } } })
  const receiver = new OtlpReceiver(config, context)
  const blocks: Block[] = []
  await receiver.start()
  const made: Running = {
    context,
    receiver,
    url: `http://${receiver.httpAddress}/v1/metrics`,
    grpc: receiver.grpcAddress!,
    blocks,
    settle: batch => batch.ack()
  }
  receiver.batches$.subscribe(batch => {
    blocks.push(batch.block)
    made.settle(batch)
  })
  t.after(() => receiver.stop(new AbortController().signal))
  return made
}
