import { createClient } from 'weir-client'

const weir = createClient({
  endpoint: process.env.WEIR_ENDPOINT ?? 'http://127.0.0.1:4318',
  resource: { 'service.name': 'shop' }
})

weir.count('shop.orders', 1, { country: 'de' })
weir.gauge('shop.carts', 12)
weir.timing('shop.checkout', 87, { country: 'de' })
weir.unique('shop.visitors', 'user-4711')
weir.event('signup', { plan: 'pro' })

// At the end of the process: everything is sent, for five seconds at most.
await weir.close()
