const MIB = 2 ** 20

/** For people: whole MiB, rounded up. */
export const mib = (bytes: number) => `${Math.ceil(bytes / MIB).toLocaleString('en')} MiB`
