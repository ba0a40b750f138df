// Modules of Node at their first use. TLS and HTTP/2 take 8 MiB and 20 ms of a start, and few configurations have them. An `import`
// of `node:http` would load the client of `fetch` too, for it reads every export: 3 MiB and 20 ms.

export const nodeHttp = () => process.getBuiltinModule('node:http')
export const nodeHttps = () => process.getBuiltinModule('node:https')
export const nodeHttp2 = () => process.getBuiltinModule('node:http2')
export const nodeTls = () => process.getBuiltinModule('node:tls')
