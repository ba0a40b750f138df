/** `down`: nothing answers. `refusing`: whatever comes is refused for good. */
export const BACKEND_STATES = ['up', 'down', 'refusing'] as const
export type BackendState = (typeof BACKEND_STATES)[number]
