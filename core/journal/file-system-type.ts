import { statfs } from 'node:fs/promises'

/** File systems that may be another machine's, by the number Linux gives them in `statfs`. */
const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x19830326, 'BeeGFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x5346414f, 'AFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP']
])

/** Name of the network file system that a folder is on. Undefined if it is on none, or if that cannot be told. */
export async function networkFileSystemOf(folder: string): Promise<string | undefined> {
  // Elsewhere these numbers mean something else.
  if (process.platform !== 'linux') return undefined
  const found = await statfs(folder).catch(() => undefined)
  return found && networkFileSystem(found.type)
}

/** @param type as `statfs` gives it; kernels of 32 bits give it with a sign */
export function networkFileSystem(type: number): string | undefined {
  return NETWORK_TYPES.get(type >>> 0)
}
