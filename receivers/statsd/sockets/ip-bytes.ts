import { isIPv4 } from 'node:net'

const IPV6_GROUPS = 8

/**
 * The 4 or 16 bytes of an IP address.
 * @param host an IPv6 address may have an interface, or an address of IPv4, at its end
 */
export function ipBytes(host: string): Buffer {
  return isIPv4(host) ? Buffer.from(host.split('.').map(Number)) : ipv6Bytes(host)
}

function ipv6Bytes(host: string): Buffer {
  const text = host.split('%', 1)[0].replace(/\d+\.\d+\.\d+\.\d+$/, ipv4 => {
    const [a, b, c, d] = ipv4.split('.').map(Number)
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
  const [before, after] = text.split('::').map(part => part.split(':').filter(group => group !== ''))
  const zeros = Array(IPV6_GROUPS - before.length - (after?.length ?? 0)).fill('0')
  const groups = after === undefined ? before : [...before, ...zeros, ...after]
  return Buffer.from(groups.map(group => group.padStart(4, '0')).join(''), 'hex')
}
