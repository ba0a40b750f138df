import { constantOf } from './constants.ts'
import type { Token, TokenKind } from './lexer.ts'
import type { CommandNode, ConstantNode, Operand, PipeNode } from './nodes.ts'
import type { Scope } from './scope.ts'
import { TemplateSyntaxError } from './template-error.ts'
import type { TokenReader } from './token-reader.ts'

/** Parentheses inside each other. */
const DEEPEST = 100
const OF_CONSTANTS: ReadonlySet<TokenKind> = new Set<TokenKind>(['bool', 'number', 'char', 'string', 'rawString'])

interface Declarations {
  readonly variables: readonly string[]
  readonly isAssignment: boolean
}

/** Parses pipelines: `$x := first | second "argument"`. */
export class PipelineParser {
  readonly #reader: TokenReader
  readonly #scope: Scope
  readonly #functionProblem: (name: string) => string | undefined
  #depth = 0

  constructor(reader: TokenReader, scope: Scope, functionProblem: (name: string) => string | undefined) {
    this.#reader = reader
    this.#scope = scope
    this.#functionProblem = functionProblem
  }

  /** @param what it belongs to, for messages @param end the token that ends it; it is taken */
  pipeline(what: string, end: 'rightDelim' | 'rightParen'): PipeNode {
    const { at } = this.#reader.afterSpace
    const declared = this.#declarations(what)
    const commands: CommandNode[] = []
    while (this.#reader.takeIf(end) === undefined) {
      if (end === 'rightParen' && this.#reader.token.kind === 'rightDelim')
        throw new TemplateSyntaxError(at, 'the parenthesis before it has no closing )')
      commands.push(this.#command())
    }
    if (commands.length === 0) throw new TemplateSyntaxError(at, `${what} has no value`)
    for (const [i, { operands }] of commands.entries()) if (i > 0) checkCallable(operands[0], i + 1)
    return { type: 'pipe', at, ...declared, commands }
  }

  /** The constant that comes next. */
  constant(): ConstantNode {
    return constantOf(this.#reader.take())
  }

  #declarations(what: string): Declarations {
    const mark = this.#reader.mark
    const variables: string[] = []
    for (;;) {
      const variable = this.#reader.takeIf('variable')
      if (variable === undefined) break
      const isAssignment = this.#reader.afterSpace.kind === 'assign'
      if (isAssignment || this.#reader.afterSpace.kind === 'declare') {
        this.#reader.take()
        variables.push(variable.text)
        for (const name of variables) this.#scope.declare(name)
        return { variables, isAssignment }
      }
      if (this.#reader.takeIf('comma') === undefined) break
      variables.push(variable.text)
      if (what !== 'range' || variables.length > 1)
        throw new TemplateSyntaxError(
          variable.at,
          `${what} can set ${what === 'range' ? 'two variables' : 'one variable'} only`
        )
    }
    if (variables.length > 0) this.#reader.unexpected('range, which wants $index, $value := …')
    this.#reader.back(mark)
    return { variables, isAssignment: false }
  }

  #command(): CommandNode {
    const { at } = this.#reader.afterSpace
    const operands: Operand[] = []
    for (;;) {
      const operand = this.#operand()
      if (operand !== undefined) operands.push(operand)
      const { kind } = this.#reader.token
      if (kind === 'rightDelim' || kind === 'rightParen') break
      if (kind !== 'space' && kind !== 'pipe') this.#reader.unexpected('a command')
      this.#reader.take()
      if (kind === 'pipe') {
        const next = this.#reader.afterSpace
        if (next.kind === 'rightDelim' || next.kind === 'rightParen') this.#reader.unexpected('a pipeline')
        break
      }
    }
    const [first, ...rest] = operands
    return first === undefined
      ? this.#reader.unexpected('a command')
      : { type: 'command', at, operands: [first, ...rest] }
  }

  #operand(): Operand | undefined {
    const term = this.#term()
    if (term === undefined || this.#reader.token.kind !== 'field') return term
    const { at } = this.#reader.token
    const fields: string[] = []
    while (this.#reader.token.kind === 'field') fields.push(fieldOf(this.#reader.take()))
    switch (term.type) {
      case 'field':
        return { type: 'field', at, fields: [...term.fields, ...fields] }
      case 'variable':
        return { ...term, at, fields }
      case 'constant':
      case 'nil':
      case 'dot':
        throw new TemplateSyntaxError(at, `.${fields[0]} cannot follow a constant or the dot`)
      default:
        return { type: 'chain', at, operand: term, fields }
    }
  }

  #term(): Operand | undefined {
    const token = this.#reader.afterSpace
    const { kind, at, text } = token
    if (OF_CONSTANTS.has(kind)) return this.constant()
    if (kind === 'leftParen') return this.#parenthesized()
    if (kind !== 'dot' && kind !== 'field' && kind !== 'variable' && kind !== 'identifier' && text !== 'nil')
      return undefined
    this.#reader.take()
    if (kind === 'field') return { type: 'field', at, fields: [fieldOf(token)] }
    if (kind === 'variable') return this.#variable(token)
    if (kind === 'identifier') return this.#function(token)
    return { type: kind === 'dot' ? 'dot' : 'nil', at }
  }

  #parenthesized(): PipeNode {
    const { at } = this.#reader.take()
    if (++this.#depth > DEEPEST)
      throw new TemplateSyntaxError(at, `${DEEPEST} parentheses inside each other are the most`)
    const pipe = this.pipeline('the parentheses', 'rightParen')
    this.#depth--
    return pipe
  }

  #variable({ at, text }: Token): Operand {
    if (!this.#scope.has(text)) throw new TemplateSyntaxError(at, `there is no variable ${text} here`)
    return { type: 'variable', at, name: text, fields: [] }
  }

  #function({ at, text }: Token): Operand {
    const problem = this.#functionProblem(text)
    if (problem !== undefined) throw new TemplateSyntaxError(at, problem)
    return { type: 'identifier', at, name: text }
  }
}

const fieldOf = ({ text }: Token) => text.slice(1)

/** A value of the command before can be given to functions, fields and variables only. */
function checkCallable({ type, at }: Operand, stage: number): void {
  if (type === 'constant' || type === 'dot' || type === 'nil')
    throw new TemplateSyntaxError(
      at,
      `stage ${stage} of the pipeline is a constant or the dot, which takes no argument`
    )
}
