// Sends OTLP/HTTP protobuf bodies over loopback, as told by its parent process.
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { type OtlpBody, otlpBodies } from '../otlp-payload.ts'
import { HttpLoad, type LoadBody } from './http-load.ts'
import { serveOrders, type Target } from './load.ts'

/** With `random` two orders take turns, so no series is followed by the one that followed it last time. */
const SEEDS: Partial<Record<OtlpTarget['variant'], number[]>> = { random: [1, 1001], scattered: [0, 1] }
/** With the levels that SDKs use. */
const COMPRESS = { gzip: gzipSync, zstd: zstdCompressSync }

type OtlpTarget = Extract<Target, { kind: 'otlp' }>

serveOrders<OtlpTarget>(({ url, series, temporality, variant, compression }) => {
  const seeds = SEEDS[variant] ?? [0]
  const bodies = seeds.flatMap(orderSeed => otlpBodies({ series, temporality, orderSeed, timeMs: Date.now() }))
  const load = new HttpLoad(compression === undefined ? bodies : bodies.map(body => compressed(body, compression)), {
    url,
    headers: {
      'content-type': 'application/x-protobuf',
      ...(compression === undefined ? {} : { 'content-encoding': compression })
    },
    churns: variant === 'churn',
    bodiesPerOrder: bodies.length / seeds.length,
    bodiesSentOnce: variant === 'scattered' ? bodies.length / seeds.length : 0
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
