import { type Token, tokensOf } from './lexer.ts'
import type { BranchNode, Node, PipeNode } from './nodes.ts'
import { PipelineParser } from './pipeline-parser.ts'
import { Scope } from './scope.ts'
import { TemplateSyntaxError } from './template-error.ts'
import { TokenReader } from './token-reader.ts'

/** Actions inside of actions. The parser and the evaluator call themselves for each. */
const DEEPEST = 100

/** A parsed template with the templates that it defines. */
export interface ParsedTemplate {
  readonly root: readonly Node[]
  readonly defined: ReadonlyMap<string, readonly Node[]>
}

/**
 * Parses a template of Go's text/template. Throws a {@link TemplateSyntaxError}.
 * @param functionProblem why there is no function of a name; undefined if there is one
 */
export function parseTemplate(text: string, functionProblem: (name: string) => string | undefined): ParsedTemplate {
  return new TemplateParser(text, functionProblem).parse()
}

/** A list of nodes, and the keyword that ends it: the end of the template, `end` or `else`. */
interface List {
  readonly nodes: Node[]
  readonly end: Token
}

class TemplateParser {
  readonly #reader: TokenReader
  readonly #scope = new Scope()
  readonly #pipelines: PipelineParser
  readonly #defined = new Map<string, readonly Node[]>()
  #depth = 0
  #ranges = 0

  constructor(text: string, functionProblem: (name: string) => string | undefined) {
    this.#reader = new TokenReader(tokensOf(text))
    this.#pipelines = new PipelineParser(this.#reader, this.#scope, functionProblem)
  }

  parse(): ParsedTemplate {
    const { nodes, end } = this.#list(true)
    if (end.kind !== 'eof') throw new TemplateSyntaxError(end.at, `{{${end.text}}} ends nothing here`)
    return { root: nodes, defined: this.#defined }
  }

  #list(isOutermost: boolean): List {
    const nodes: Node[] = []
    for (;;) {
      const token = this.#reader.take()
      if (token.kind === 'eof') return { nodes, end: token }
      if (token.kind === 'text') {
        nodes.push({ type: 'text', at: token.at, text: token.text })
        continue
      }
      const word = this.#reader.afterSpace
      if (word.kind === 'keyword' && (word.text === 'end' || word.text === 'else')) {
        this.#reader.take()
        return { nodes, end: word }
      }
      const node = this.#action(word, isOutermost)
      if (node !== undefined) nodes.push(node)
    }
  }

  /** Undefined if it is a definition. */
  #action(word: Token, isOutermost: boolean): Node | undefined {
    if (word.kind !== 'keyword' || word.text === 'nil') {
      const at = word.at
      return { type: 'action', at, pipe: this.#pipelines.pipeline('a command', 'rightDelim') }
    }
    this.#reader.take()
    switch (word.text) {
      case 'if':
      case 'with':
      case 'range':
        return this.#branch(word.text, word)
      case 'break':
      case 'continue':
        return this.#jump(word.text, word)
      case 'template':
        return this.#call()
      case 'block':
        return this.#block()
      default:
        if (!isOutermost) throw new TemplateSyntaxError(word.at, 'define stands outside of other actions only')
        this.#define(this.#name('define'))
        return undefined
    }
  }

  #branch(type: BranchNode['type'], word: Token): BranchNode {
    if (++this.#depth > DEEPEST)
      throw new TemplateSyntaxError(word.at, `${DEEPEST} actions inside each other are the most`)
    const mark = this.#scope.mark
    const pipe = this.#pipelines.pipeline(type, 'rightDelim')
    if (type === 'range') this.#ranges++
    const { nodes, end } = this.#list(false)
    if (type === 'range') this.#ranges--
    const otherwise = end.text === 'else' ? this.#otherwise(type, word) : undefined
    if (otherwise === undefined) this.#close(end, word)
    this.#scope.back(mark)
    this.#depth--
    return { type, at: pipe.at, pipe, body: nodes, otherwise }
  }

  /** After `else`. `else if` and `else with` share the `end` of the first. */
  #otherwise(type: BranchNode['type'], word: Token): readonly Node[] {
    const next = this.#reader.afterSpace
    if (type !== 'range' && next.kind === 'keyword' && next.text === type) {
      this.#reader.take()
      return [this.#branch(type, word)]
    }
    this.#reader.expect('rightDelim', 'else')
    const { nodes, end } = this.#list(false)
    this.#close(end, word)
    return nodes
  }

  #close(end: Token, word: Token): void {
    if (end.text !== 'end' || end.kind !== 'keyword')
      throw new TemplateSyntaxError(end.at, `{{${word.text}}} has no {{end}}`)
    this.#reader.expect('rightDelim', 'end')
  }

  #jump(type: 'break' | 'continue', { at }: Token): Node {
    if (this.#ranges === 0) throw new TemplateSyntaxError(at, `{{${type}}} stands outside of a range`)
    this.#reader.expect('rightDelim', type)
    return { type, at }
  }

  #name(what: string): Token & { readonly value: string } {
    const token = this.#reader.afterSpace
    if (token.kind !== 'string' && token.kind !== 'rawString')
      return this.#reader.unexpected(`${what}, which wants a "name"`)
    const { value } = this.#pipelines.constant()
    return { ...token, value: value as string }
  }

  #call(): Node {
    const { value, at } = this.#name('template')
    const hasData = this.#reader.takeIf('rightDelim') === undefined
    const pipe = hasData ? this.#pipelines.pipeline('template', 'rightDelim') : undefined
    return { type: 'template', at, name: value, pipe }
  }

  /** A definition, and a call of it. */
  #block(): Node {
    const name = this.#name('block')
    const pipe: PipeNode = this.#pipelines.pipeline('block', 'rightDelim')
    this.#body(name, name.value)
    return { type: 'template', at: name.at, name: name.value, pipe }
  }

  #define(name: Token & { readonly value: string }): void {
    this.#reader.expect('rightDelim', 'define')
    this.#body(name, name.value)
  }

  #body(token: Token, name: string): void {
    const [ranges, variables] = [this.#ranges, this.#scope.fresh()]
    this.#ranges = 0
    if (++this.#depth > DEEPEST)
      throw new TemplateSyntaxError(token.at, `${DEEPEST} actions inside each other are the most`)
    const { nodes, end } = this.#list(false)
    this.#close(end, { ...token, text: `define ${token.text}` })
    this.#depth--
    this.#ranges = ranges
    this.#scope.restore(variables)
    const isEmpty = nodes.every(node => node.type === 'text' && node.text.trim() === '')
    const known = this.#defined.get(name)
    if (isEmpty && known !== undefined) return
    if (known !== undefined && known.length > 0)
      throw new TemplateSyntaxError(token.at, `the template "${name}" is defined twice`)
    this.#defined.set(name, nodes)
  }
}
