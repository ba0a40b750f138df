/** `down`: nothing answers. `refusing`: every item is refused for good. */
export const BACKEND_STATES = ['up', 'down', 'refusing'] as const
export type BackendState = (typeof BACKEND_STATES)[number]
