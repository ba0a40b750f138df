const MIB = 2 ** 20
const GIB = 2 ** 30
const TIB = 2 ** 40
/** So many of a unit are shown before the next larger one is. */
const MOST = 16

/** For people, rounded up: whole MiB up to 16 GiB, then GiB and TiB with one decimal. */
export function readableSize(bytes: number): string {
  if (bytes < MOST * GIB) return `${Math.ceil(bytes / MIB).toLocaleString('en')} MiB`
  return bytes < TIB ? `${tenths(bytes / GIB)} GiB` : `${tenths(bytes / TIB)} TiB`
}

const tenths = (n: number) => (Math.ceil(n * 10) / 10).toLocaleString('en')
