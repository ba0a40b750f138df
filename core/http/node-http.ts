// Node's modules for HTTP at their first use. An `import` of `node:http` would load the client of `fetch` too, and all that is under
// it, since it reads every export: 5 MiB and 20 ms of each start.

export const nodeHttp = () => process.getBuiltinModule('node:http')
export const nodeHttps = () => process.getBuiltinModule('node:https')
