// The content is taken apart afterwards: by one expression a reference that is not closed would be tried at every `:-`.
const REFERENCE = /\$\$|\$\{([^}]*)(\}?)/g
const PREFIX = 'env:'
const DEFAULT = ':-'
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The variables that `${env:X}` may refer to. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface SubstitutionReport {
  /** A reference cannot be filled in. */
  problem(message: string): void
  /** One was: `value` is the variable's, or undefined if the default stands in its place. */
  filledIn(reference: string, value: string | undefined): void
}

/** Fills in `${env:X}` and `${env:X:-default}`; `$$` is one `$`. */
export function substitute(text: string, env: Environment, report: SubstitutionReport): string {
  return text.replace(REFERENCE, (whole: string, content: string, end: string) => {
    if (whole === '$$') return '$'
    if (end === '' || !content.startsWith(PREFIX)) {
      report.problem(
        `"${whole}" is not a reference Weir knows; write \${env:${content || 'NAME'}}, or $$ for a plain dollar sign`
      )
      return whole
    }
    const [name, fallback] = nameAndDefault(content.slice(PREFIX.length))
    if (!NAME.test(name)) {
      report.problem(`"${name}" is not the name of an environment variable; use letters, digits and _`)
      return whole
    }
    // `constructor` is no variable.
    const own = Object.hasOwn(env, name) ? env[name] : undefined
    const value = own ?? fallback
    if (value === undefined) {
      report.problem(`environment variable ${name} is not set; set it, or give a default: \${env:${name}:-value}`)
      return whole
    }
    report.filledIn(`\${env:${name}}`, own)
    return value
  })
}

function nameAndDefault(text: string): [name: string, fallback: string | undefined] {
  const at = text.indexOf(DEFAULT)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + DEFAULT.length)]
}
