// Sends OTLP/HTTP protobuf bodies over loopback, as told by its parent process.
import { otlpBodies } from '../otlp-payload.ts'
import { HttpLoad } from './http-load.ts'
import { serveOrders, type Target } from './load.ts'

/** Two orders take turns, so no series is followed by the one that followed it last time. */
const RANDOM_SEEDS = [1, 1001]

type OtlpTarget = Extract<Target, { kind: 'otlp' }>

serveOrders<OtlpTarget>(({ url, series, temporality, variant }) => {
  const seeds = variant === 'random' ? RANDOM_SEEDS : [0]
  const bodies = seeds.flatMap(orderSeed => otlpBodies({ series, temporality, orderSeed, timeMs: Date.now() }))
  const load = new HttpLoad(bodies, {
    url,
    headers: { 'content-type': 'application/x-protobuf' },
    churns: variant === 'churn',
    bodiesPerOrder: bodies.length / seeds.length
  })
  return order => load.run(order)
})
