// The content is taken apart afterwards: by one expression a reference that is not closed would be tried at every `:-`.
const REFERENCE = /\$\$|\$\{([^}]*)(\}?)/g
const PREFIX = 'env:'
const DEFAULT = ':-'
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** What `${env:X}` may refer to. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Fills in `${env:X}` and `${env:X:-default}`; `$$` is one `$`. `report` gets what cannot be filled in. */
export function substitute(text: string, env: Environment, report: (message: string) => void): string {
  return text.replace(REFERENCE, (whole: string, content: string, end: string) => {
    if (whole === '$$') return '$'
    if (end === '' || !content.startsWith(PREFIX)) {
      report(
        `"${whole}" is not a reference Weir knows; write \${env:${content || 'NAME'}}, or $$ for a plain dollar sign`
      )
      return whole
    }
    const [name, fallback] = nameAndDefault(content.slice(PREFIX.length))
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

function nameAndDefault(text: string): [name: string, fallback: string | undefined] {
  const at = text.indexOf(DEFAULT)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + DEFAULT.length)]
}
