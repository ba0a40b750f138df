const REFERENCE = /\$\$|\$\{env:([^}]*?)(?::-([^}]*))?\}|\$\{([^}]*)\}?/g
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** What `${env:X}` may refer to. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Fills in `${env:X}` and `${env:X:-default}`; `$$` is one `$`. `report` gets what cannot be filled in. */
export function substitute(text: string, env: Environment, report: (message: string) => void): string {
  return text.replace(REFERENCE, (whole, name?: string, fallback?: string, other?: string) => {
    if (whole === '$$') return '$'
    if (name === undefined) {
      report(
        `"${whole}" is not a reference Weir knows; write \${env:${other || 'NAME'}}, or $$ for a plain dollar sign`
      )
      return whole
    }
    if (!NAME.test(name)) {
      report(`"${name}" is not the name of an environment variable; use letters, digits and _`)
      return whole
    }
    const value = env[name] ?? fallback
    if (value === undefined) {
      report(`environment variable ${name} is not set; set it, or give a default: \${env:${name}:-value}`)
      return whole
    }
    return value
  })
}
