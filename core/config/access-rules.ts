import { checkAuthenticator } from '../http/access/config.ts'
import { isLoopback, parseEndpoint } from '../http/endpoint.ts'
import { AUTHENTICATOR_NAME } from '../http/server-options.ts'
import { checkTenants, TENANT_NAME } from '../http/tenants/config.ts'
import { type MappingNode, nodeAt } from './document.ts'
import { visitMarked } from './marked.ts'
import { formatPath, type Problems, suggest } from './problems.ts'
import type { ResolvedConfig } from './resolved.ts'

/** Checks authenticators, and the names by which servers refer to them. */
export function checkAccess(root: MappingNode, { service, components }: ResolvedConfig, problems: Problems): void {
  const names = Object.keys(service.authenticators)
  const refers = (name: string, path: readonly (string | number)[]) => {
    if (!names.includes(name))
      problem(root, path, `service.authenticators has no "${name}"${suggest(name, names)}`, problems)
  }
  for (const [name, config] of Object.entries(service.authenticators))
    for (const { path, message } of checkAuthenticator(config, ['service', 'authenticators', name]))
      problem(root, path, message, problems)
  for (const kind of ['receiver', 'exporter', 'extension'] as const)
    for (const { id, plugin, config } of components[kind].values())
      visitMarked(plugin.schema, config, AUTHENTICATOR_NAME, (name, path) =>
        refers(name as string, [`${kind}s`, id, ...path])
      )
  if (service.tenants === undefined)
    for (const { id, plugin, config } of components.receiver.values())
      visitMarked(plugin.schema, config, TENANT_NAME, (name, path) =>
        problem(
          root,
          ['receivers', id, ...path],
          `"${name}" is a tenant, and there are none: set service.tenants`,
          problems
        )
      )
  for (const { path, message } of service.tenants === undefined
    ? []
    : checkTenants(service.tenants, ['service', 'tenants']))
    problem(root, path, message, problems)
  const { auth, endpoint } = service.admin
  if (auth !== undefined) return refers(auth, ['service', 'admin', 'auth'])
  const { host } = parseEndpoint(endpoint)
  const message = `${endpoint} can be reached from other machines: name an entry of service.authenticators in service.admin.auth, or listen on 127.0.0.1`
  if (!isLoopback(host)) problem(root, ['service', 'admin', 'endpoint'], message, problems)
}

function problem(root: MappingNode, path: readonly (string | number)[], message: string, problems: Problems): void {
  problems.error(nodeAt(root, path).position, `${formatPath(path)}: ${message}`)
}
