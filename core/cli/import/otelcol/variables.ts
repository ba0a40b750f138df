const REFERENCE = /\$\$|\$\{([^}]*)\}|\$(\w+)/g

/**
 * The references of the Collector as Weir writes them: `${NAME}` is `${env:NAME}`.
 * @param unknown gets those of other kinds, such as `${file:/run/token}`
 */
export function withVariables(text: string, unknown: (reference: string) => void): string {
  return text.replace(REFERENCE, (whole, content: string | undefined, bare: string | undefined) => {
    if (whole === '$$') return whole
    // A digit is the group of an expression.
    if (bare !== undefined) return /^\d/.test(bare) ? whole : `\${env:${bare}}`
    if (/^(env:)?\w+(:-.*)?$/.test(content!)) return `\${env:${content!.replace(/^env:/, '')}}`
    unknown(whole)
    return `$${whole}`
  })
}
