import { readFile } from 'node:fs/promises'
import { isIPv4 } from 'node:net'
import type { Endpoint } from '../../../core/http/endpoint.ts'
import { ipBytes } from './ip-bytes.ts'

const LOCAL_ADDRESS = 1

/** Datagrams dropped by the sockets at an address since they were opened; 0 if the kernel does not tell. */
export async function kernelDrops({ host, port }: Endpoint): Promise<number> {
  const table = await readFile(isIPv4(host) ? '/proc/net/udp' : '/proc/net/udp6', 'utf8').catch(() => '')
  // The kernel's tables have each word of 32 bits backwards.
  const address = ipBytes(host).swap32().toString('hex')
  const local = `${address}:${port.toString(16).padStart(4, '0')}`.toUpperCase()
  let drops = 0
  for (const line of table.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/)
    if (columns[LOCAL_ADDRESS] === local) drops += Number(columns.at(-1))
  }
  return drops
}
