import { StatsD } from 'hot-shots'

const statsd = new StatsD({ host: '127.0.0.1', port: Number(process.env.STATSD_PORT ?? 8125), maxBufferSize: 1400 })

statsd.increment('shop.orders', 1, { country: 'de' })
statsd.timing('shop.checkout', 87, { country: 'de' })

statsd.close()
