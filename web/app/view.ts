import type { Place } from './place.ts'

/** A tab. It fills `root`, and returns how to end it: its timers, observers and requests. */
export type View = (root: HTMLElement, place: Place) => { close(): void }
