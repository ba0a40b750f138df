import { isIP } from 'node:net'
import { BoundedText } from '../bounded-text.ts'
import { ofText, type TemplateFunction } from './function.ts'

/** Letters, digits and underscores are parts of a word. */
const IN_WORD = /[\p{L}\p{Nd}_]/u
/** A host and a port, as of `net.SplitHostPort`: the host of IPv6 stands in brackets. */
const HOST_PORT = /^(?:\[([^[\]]*)\]|([^[\]:]*)):([^[\]:]*)$/
/** References of a replacement; `$$` is a dollar. */
const REFERENCE = /\$(?:\$|\{(\w+)\}|(\w+))/g

/** Functions of texts: https://prometheus.io/docs/prometheus/latest/configuration/template_reference/#strings */
export const TEXT: Readonly<Record<string, TemplateFunction>> = {
  title: ofText(text => title(text)),
  toUpper: ofText(text => eachChar(text, char => char.toUpperCase())),
  toLower: ofText(text => eachChar(text, char => char.toLowerCase())),
  stripPort: ofText(text => HOST_PORT.exec(text)?.slice(1, 3).find(Boolean) ?? (HOST_PORT.test(text) ? '' : text)),
  stripDomain: ofText(withoutDomain),
  match: {
    parameters: ['string', 'string'],
    call: ([pattern, text], { regex }) =>
      regex(pattern as string)
        .matcher(text as string)
        .find()
  },
  reReplaceAll: {
    parameters: ['string', 'string', 'string'],
    call: ([pattern, replacement, text], { regex }) =>
      replaceAll(regex(pattern as string), replacement as string, text as string)
  }
}

function title(text: string): string {
  let inWord = false
  return eachChar(text, char => {
    const shown = inWord ? char : char.toUpperCase()
    inWord = IN_WORD.test(char) || (char.codePointAt(0)! > 0x7f && !/\s/u.test(char))
    return shown
  })
}

/** Characters of which the change makes several stay, as in Go. */
function eachChar(text: string, change: (char: string) => string): string {
  return Array.from(text, char => {
    const changed = change(char)
    return changed.length === char.length ? changed : char
  }).join('')
}

function withoutDomain(text: string): string {
  const found = HOST_PORT.exec(text)
  const host = found === null ? text : (found[1] ?? found[2] ?? '')
  if (isIP(host) !== 0) return text
  const name = host.slice(0, host.includes('.') ? host.indexOf('.') : undefined)
  return found === null || found[3] === '' ? name : `${name}:${found[3]}`
}

function replaceAll(
  regex: ReturnType<Parameters<TemplateFunction['call']>[1]['regex']>,
  replacement: string,
  text: string
): string {
  const made = new BoundedText()
  const matcher = regex.matcher(text)
  const names = regex.namedGroups()
  let from = 0
  while (matcher.find()) {
    // As in Go, nothing is found right after a match.
    if (from > 0 && matcher.start() === from && matcher.end() === from) continue
    made.append(text.slice(from, matcher.start()))
    from = matcher.end()
    made.append(
      replacement.replace(REFERENCE, (reference, braced?: string, bare?: string) => {
        if (reference === '$$') return '$'
        const name = (braced ?? bare)!
        const group = /^\d+$/.test(name) ? Number(name) : names[name]
        return group === undefined || group > matcher.groupCount() ? '' : (matcher.group(group) ?? '')
      })
    )
  }
  return made.append(text.slice(from)).text
}
