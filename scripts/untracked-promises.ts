// Loaded before each test file. Node's test runner follows every promise to tell which test an error outside of it
// belongs to: a third of the time of tests that simulate crashes. Without that such an error fails its file.
import hooks from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'

const { createHook } = hooks
// Node 24 does not know the option and ignores it.
hooks.createHook = callbacks => createHook({ ...callbacks, trackPromises: false } as hooks.HookCallbacks)
syncBuiltinESMExports()
