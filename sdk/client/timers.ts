type Timer = ReturnType<typeof setTimeout>

/** A timer that does not keep a process alive, in Node; browsers have nothing of the kind. */
export function unref(timer: Timer): Timer {
  if (typeof timer === 'object') timer.unref()
  return timer
}
