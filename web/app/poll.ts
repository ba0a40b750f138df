/**
 * Does `work` now, and again `ms` after it has ended, until `signal` fires. It pauses while nobody sees the page. Errors
 * are for `work` to show: what it throws is left out, and it is done again.
 */
export async function poll(ms: number, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await work()
    } catch (error) {
      if (!signal.aborted) console.error(error)
    }
    await pause(ms, signal)
    if (document.hidden && !signal.aborted) await seen(signal)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}

function seen(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    document.addEventListener('visibilitychange', done)
    signal.addEventListener('abort', done)
    function done(): void {
      document.removeEventListener('visibilitychange', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
