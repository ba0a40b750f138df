// Sends OTLP/HTTP protobuf bodies over loopback, as told by its parent process.
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { type OtlpBody, otlpBodies } from '../otlp-payload.ts'
import { HttpLoad, type LoadBody } from './http-load.ts'
import { serveOrders, type Target } from './load.ts'

/** Two orders take turns, so no series is followed by the one that followed it last time. */
const RANDOM_SEEDS = [1, 1001]
/** With the levels that SDKs use. */
const COMPRESS = { gzip: gzipSync, zstd: zstdCompressSync }

type OtlpTarget = Extract<Target, { kind: 'otlp' }>

serveOrders<OtlpTarget>(({ url, series, temporality, variant, compression }) => {
  const seeds = variant === 'random' ? RANDOM_SEEDS : [0]
  const bodies = seeds.flatMap(orderSeed => otlpBodies({ series, temporality, orderSeed, timeMs: Date.now() }))
  const load = new HttpLoad(compression === undefined ? bodies : bodies.map(body => compressed(body, compression)), {
    url,
    headers: {
      'content-type': 'application/x-protobuf',
      ...(compression === undefined ? {} : { 'content-encoding': compression })
    },
    churns: variant === 'churn',
    bodiesPerOrder: bodies.length / seeds.length
  })
  return order => load.run(order)
})

function compressed(body: OtlpBody, compression: 'gzip' | 'zstd'): LoadBody {
  return {
    points: body.points,
    get timeMs() {
      return body.timeMs
    },
    stamp: nowMs => body.stamp(nowMs),
    unstamp: () => body.unstamp(),
    renameUpTo: percent => body.renameUpTo(percent),
    encoded: () => COMPRESS[compression](body.encoded())
  }
}
