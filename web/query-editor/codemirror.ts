import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { setDiagnostics } from '@codemirror/lint'
import { EditorState, type Extension, Prec } from '@codemirror/state'
import { EditorView, keymap } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { PromQLExtension } from '@prometheus-io/codemirror-promql'
import { element } from '../ui/dom.ts'
import type { EditorOptions, MakeEditor } from './query-editor.ts'

const POSITION = /^(\d+):(\d+): /
/** Completion asks there. */
const PROMETHEUS_PATH = '/api/v1'
/** Names of metrics are asked for again after this, ms. */
const CACHE_MS = 60_000

const theme = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'var(--card)', fontSize: '14px' },
  '&.cm-focused': { outline: '2px solid var(--flow)' },
  '.cm-content': { fontFamily: 'ui-monospace, monospace', caretColor: 'var(--text)', padding: '7px 4px' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-tooltip': { color: 'var(--text)', backgroundColor: 'var(--card)', border: '1px solid var(--line)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { color: 'var(--card)', backgroundColor: 'var(--flow)' },
  '.cm-completionDetail': { color: 'inherit', opacity: '0.75' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' }
})

const colors = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: 'var(--flow)' },
  { tag: [tags.function(tags.variableName), tags.labelName], color: 'var(--warn)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--ok)' },
  { tag: [tags.comment], color: 'var(--quiet)' },
  { tag: [tags.invalid], color: 'var(--failed)' }
])

/**
 * An editor with completion. It is in a shadow root, whose style sheets a script may make: those that it would put into
 * the document are refused by the page's content security policy. Errors come from the server, which knows what it takes.
 */
export const makeEditor: MakeEditor = (value, options) => {
  const host = element('div', { class: 'editor-host' })
  const root = host.attachShadow({ mode: 'open', delegatesFocus: true })
  const state = EditorState.create({ doc: value, extensions: extensionsOf(options) })
  const view = new EditorView({ state, root, parent: root })
  return {
    root: host,
    get value() {
      return view.state.doc.toString()
    },
    set value(text: string) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
    },
    focus() {
      view.focus()
      view.dispatch({ selection: { anchor: view.state.doc.length } })
    },
    mark(error) {
      view.dispatch(setDiagnostics(view.state, error === undefined ? [] : diagnosticsOf(view.state, error)))
    },
    close: () => view.destroy()
  }
}

function extensionsOf({ onRun, label, api }: EditorOptions): Extension {
  const promql = new PromQLExtension().activateLinter(false).setComplete({
    remote: {
      url: '',
      fetchFn: async (path, options) => fetch(String(path).replace(PROMETHEUS_PATH, await api), options),
      httpMethod: 'GET',
      cache: { maxAge: CACHE_MS }
    }
  })
  const run = () => {
    onRun?.()
    return onRun !== undefined
  }
  return [
    // Below the keys of the list of completions, which take Enter while it is open.
    promql.asExtension(),
    autocompletion(),
    keymap.of([...completionKeymap, ...closeBracketsKeymap]),
    Prec.low(keymap.of([{ key: 'Enter', run }, ...defaultKeymap, ...historyKeymap])),
    history(),
    bracketMatching(),
    closeBrackets(),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': label }),
    syntaxHighlighting(colors),
    theme
  ]
}

/** Marks the word at the error's position, or the last one if it is at the end. */
function diagnosticsOf(state: EditorState, error: string) {
  const [, line, column] = POSITION.exec(error) ?? []
  if (line === undefined || Number(line) > state.doc.lines) return []
  const at = Math.min(state.doc.line(Number(line)).from + Number(column) - 1, state.doc.length)
  const { from, to } = state.wordAt(at) ?? { from: at === state.doc.length ? Math.max(0, at - 1) : at, to: at + 1 }
  return [
    { from, to: Math.min(to, state.doc.length), severity: 'error' as const, message: error.replace(POSITION, '') }
  ]
}
