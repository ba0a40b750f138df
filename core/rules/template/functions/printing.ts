import { BoundedText } from '../bounded-text.ts'
import { print, println } from '../printing/print.ts'
import { printResult } from '../printing/print-value.ts'
import { printf } from '../printing/printf.ts'
import { Html, Sample, type Value } from '../values.ts'
import { ofText, type TemplateFunction } from './function.ts'

const HTML_ENTITIES = new Map([
  ['\0', '\ufffd'],
  ['"', '&#34;'],
  ["'", '&#39;'],
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;']
])
/** Characters that end a string or a script of JavaScript, or that cannot be seen. */
const UNSAFE_IN_SCRIPT = /[\\'"<>&=]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu
/** `encodeURIComponent` leaves these as they are; Go does not. */
const UNESCAPED = /[!'()*]/g

const escaping = (escaped: (text: string) => string): TemplateFunction => ({
  parameters: ['any'],
  isVariadic: true,
  call: values => new BoundedText().append(escaped(print(values.map(resultText)))).text
})

/** Escapes a text for the query of a URL, as Go does: a space is a plus. */
export function queryEscape(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(UNESCAPED, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

/** Functions that print their arguments, plainly or escaped. */
export const PRINTING: Readonly<Record<string, TemplateFunction>> = {
  print: { parameters: ['any'], isVariadic: true, call: values => print(values) },
  println: { parameters: ['any'], isVariadic: true, call: values => println(values) },
  printf: {
    parameters: ['string', 'any'],
    isVariadic: true,
    call: ([format, ...values]: readonly Value[]) => printf(format as string, values)
  },
  html: escaping(text => text.replace(/[\0"'&<>]/g, char => HTML_ENTITIES.get(char)!)),
  js: escaping(text => text.replace(UNSAFE_IN_SCRIPT, scriptEscape)),
  urlquery: escaping(queryEscape),
  urlQueryEscape: ofText(queryEscape),
  safeHtml: ofText(text => new Html(text))
}

/** Nil and pointers are escaped as an action shows them. */
function resultText(value: Value): Value {
  return value === undefined || value instanceof Sample ? printResult(new BoundedText(), value).text : value
}

function scriptEscape(char: string): string {
  if (char === '\\' || char === "'" || char === '"') return `\\${char}`
  return `\\u${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
}
