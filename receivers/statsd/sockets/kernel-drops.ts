import { readFile } from 'node:fs/promises'
import { isIPv4 } from 'node:net'
import type { Endpoint } from '../../../core/http/endpoint.ts'

const IPV6_GROUPS = 8
const LOCAL_ADDRESS = 1

/** Datagrams dropped by the sockets at an address since they were opened; 0 if the kernel does not tell. */
export async function kernelDrops({ host, port }: Endpoint): Promise<number> {
  const table = await readFile(isIPv4(host) ? '/proc/net/udp' : '/proc/net/udp6', 'utf8').catch(() => '')
  const local = `${kernelHex(host)}:${hex(port, 4)}`
  let drops = 0
  for (const line of table.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/)
    if (columns[LOCAL_ADDRESS] === local) drops += Number(columns.at(-1))
  }
  return drops
}

/** An address as the kernel's tables have it: each of its words of 32 bits backwards. */
function kernelHex(host: string): string {
  const bytes = isIPv4(host) ? Buffer.from(host.split('.').map(Number)) : ipv6Bytes(host)
  return bytes.swap32().toString('hex').toUpperCase()
}

/** @param host as the operating system writes it, maybe with an interface or an address of IPv4 at its end */
function ipv6Bytes(host: string): Buffer {
  const text = host.split('%', 1)[0].replace(/\d+\.\d+\.\d+\.\d+$/, ipv4 => {
    const [a, b, c, d] = ipv4.split('.').map(Number)
    return `${hex(a * 256 + b, 4)}:${hex(c * 256 + d, 4)}`
  })
  const [before, after] = text.split('::').map(part => part.split(':').filter(group => group !== ''))
  const zeros = Array(IPV6_GROUPS - before.length - (after?.length ?? 0)).fill('0')
  const groups = after === undefined ? before : [...before, ...zeros, ...after]
  return Buffer.from(groups.map(group => group.padStart(4, '0')).join(''), 'hex')
}

const hex = (number: number, digits: number) => number.toString(16).toUpperCase().padStart(digits, '0')
