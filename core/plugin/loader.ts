import { statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describeError, WeirError } from '../errors.ts'

/** The modules for plugins: `weir/plugin` and those beneath it. */
const OWN_MODULE = /^weir\//
/** The condition in `exports` of package.json that leads to the TypeScript of a checkout instead of the compiled files. */
const CONDITIONS = import.meta.filename.endsWith('.ts') ? ['weir-source'] : []

let servesOwnModules = false

/**
 * Imports a plugin's module: an npm package or a path (`./x.ts`), both relative to `fromFile`. Imports of `weir/plugin`
 * get the running Weir's own modules. Throws `PLUGIN_INVALID`.
 */
export async function importPlugin(specifier: string, fromFile: string): Promise<unknown> {
  if (!servesOwnModules) serveOwnModules()
  servesOwnModules = true
  try {
    return await import(locate(specifier, path.resolve(fromFile)))
  } catch (error) {
    const message = `${describeError(error).split('\n')[0]}${adviceFor(error)}`
    throw new WeirError('PLUGIN_INVALID', `cannot load plugin "${specifier}": ${message}`, { cause: error })
  }
}

/**
 * A plugin needs no `weir` in its node_modules, and a copy there is not used: a class of two copies is two classes.
 * Weir resolves these imports as if they were its own, which a package may do with its own name.
 */
function serveOwnModules(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (!OWN_MODULE.test(specifier)) return next(specifier, context)
      if (context.parentURL === import.meta.url)
        return next(specifier, { ...context, conditions: [...context.conditions, ...CONDITIONS] })
      // Node ignores another parentURL here when a CommonJS module requires the specifier.
      return { url: import.meta.resolve(specifier), shortCircuit: true }
    }
  })
}

/** The URL of the module. */
function locate(specifier: string, fromFile: string): string {
  if (!specifier.startsWith('.') && !path.isAbsolute(specifier)) return resolvePackage(specifier, fromFile)
  const file = path.resolve(path.dirname(fromFile), specifier)
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) throw new Error('there is no such file; a path is relative to the configuration file')
  if (found.isDirectory()) throw new Error('it is a folder; name the file in it that exports the plugin')
  return pathToFileURL(file).href
}

/**
 * Resolves as an `import` in `fromFile` would. `import.meta.resolve` alone resolves for this file, and `require.resolve`
 * ignores the condition `import`.
 */
function resolvePackage(specifier: string, fromFile: string): string {
  const parentURL = pathToFileURL(fromFile).href
  const hooks = registerHooks({ resolve: (name, context, next) => next(name, { ...context, parentURL }) })
  try {
    return import.meta.resolve(specifier)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    const advice = `install it there with npm install ${specifier}, or write "./${specifier}" if it is a file`
    throw new Error(`${(error as Error).message}; ${advice}`, { cause: error })
  } finally {
    hooks.deregister()
  }
}

function adviceFor(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING') return ''
  return '; Node runs TypeScript only outside of node_modules: the package must contain JavaScript, compiled by its author (docs/plugins.md)'
}
