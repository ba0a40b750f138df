// Sends remote write requests over loopback, as told by its parent process.
import { remoteWriteBodies } from '../remote-write-payload.ts'
import { HttpLoad } from './http-load.ts'
import { serveOrders, type Target } from './load.ts'

type RemoteWriteTarget = Extract<Target, { kind: 'remote-write' }>

serveOrders<RemoteWriteTarget>(({ url, series }) => {
  const bodies = remoteWriteBodies(series, Date.now())
  const headers = {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0'
  }
  const load = new HttpLoad(bodies, { url, headers, churns: false, bodiesPerOrder: bodies.length, bodiesSentOnce: 0 })
  return order => load.run(order)
})
