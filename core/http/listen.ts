import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net'
import { WeirError } from '../errors.ts'
import { formatEndpoint, parseEndpoint } from './endpoint.ts'

/**
 * Has `server` listen, and resolves to its address, with the port it was given if `endpoint` says 0. Throws {@link
 * WeirError} `PORT_IN_USE`, or `COMPONENT_FAILED` for an address that cannot be had.
 *
 * @param sharedPorts see `Context`
 * @param key of its port there. A second server needs one of its own: both may have port 0
 */
export async function listen(
  server: Server,
  endpoint: string,
  sharedPorts: Map<string, number> | undefined,
  key = endpoint
): Promise<string> {
  const options = sharedPorts === undefined ? parseEndpoint(endpoint) : await sharedPort(endpoint, sharedPorts, key)
  const { address, port } = await listening(server, options).catch(cause => {
    throw listenError(endpoint, cause)
  })
  return formatEndpoint({ host: address, port })
}

/** Finds the port if nobody has it yet. Alone, for another program's would be shared without a word. */
async function sharedPort(text: string, ports: Map<string, number>, key: string): Promise<ListenOptions> {
  const endpoint = parseEndpoint(text)
  if (!ports.has(key)) {
    const probe = createServer()
    const { port } = await listening(probe, endpoint).catch(cause => {
      throw listenError(text, cause)
    })
    await new Promise(resolve => probe.close(resolve))
    ports.set(key, port)
  }
  return { host: endpoint.host, port: ports.get(key), reusePort: true }
}

function listening(server: Server, options: ListenOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.off('error', reject)
      resolve(server.address() as AddressInfo)
    })
  })
}

function listenError(endpoint: string, cause: NodeJS.ErrnoException): Error {
  if (cause.code === 'EADDRINUSE')
    return new WeirError(
      'PORT_IN_USE',
      `cannot listen on ${endpoint}: another process does; end it, or set another endpoint here`,
      { cause }
    )
  const advice =
    cause.code === 'ENOTSUP' ? '; threads cannot share a port on this system: leave out service.workers' : ''
  return new WeirError('COMPONENT_FAILED', `cannot listen on ${endpoint}: ${cause.message}${advice}`, { cause })
}
