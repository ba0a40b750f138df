type Timer = ReturnType<typeof setTimeout> & { unref?(): void }

/** A timer that does not keep a process alive, in Node; browsers have nothing of the kind. */
export function unref(timer: Timer): Timer {
  timer.unref?.()
  return timer
}
