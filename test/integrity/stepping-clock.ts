// Preloaded into Weir: its wall clock is set forward and back, by up to half a minute, several times a second.
const LARGEST_STEP_MS = 30_000
const INTERVAL_MS = 300

const { now } = Date
let offset = 0
setInterval(() => {
  offset = (Math.random() * 2 - 1) * LARGEST_STEP_MS
}, INTERVAL_MS).unref()
Date.now = () => now() + Math.round(offset)
