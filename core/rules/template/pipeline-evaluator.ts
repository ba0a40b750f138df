import type { CallContext, ParameterType, TemplateFunction } from './functions/function.ts'
import { FUNCTIONS, SHORT_CIRCUITS } from './functions/table.ts'
import { memberOf } from './members.ts'
import { nodeText } from './node-text.ts'
import type { CommandNode, ConstantNode, Node, Operand, PipeNode } from './nodes.ts'
import { TemplateFailure } from './template-error.ts'
import { isTrue, Samples, typeName, type Value } from './values.ts'
import type { Variables } from './variables.ts'

/** The value of the command before, which is the last argument of this one. */
type Piped = { readonly value: Value } | undefined

/** A function, field or variable with the operands after it. */
interface Call {
  /** The place of its errors. */
  readonly node: CommandNode | Operand
  readonly dot: Value
  readonly operands: readonly Operand[]
  readonly piped: Piped
}

/** Evaluates pipelines. `at` hears of each node before it is evaluated. */
export class PipelineEvaluator {
  readonly variables: Variables
  readonly #context: CallContext
  readonly #at: (node: Node | Operand | CommandNode) => void

  constructor(variables: Variables, context: CallContext, at: (node: Node | Operand | CommandNode) => void) {
    this.variables = variables
    this.#context = context
    this.#at = at
  }

  async pipe(pipe: PipeNode, dot: Value): Promise<Value> {
    this.#at(pipe)
    let piped: Piped
    for (const command of pipe.commands) piped = { value: await this.#command(command, dot, piped) }
    for (const name of pipe.variables) {
      if (pipe.isAssignment) this.variables.set(name, piped!.value)
      else this.variables.declare(name, piped!.value)
    }
    return piped!.value
  }

  async #command(node: CommandNode, dot: Value, piped: Piped): Promise<Value> {
    const [first, ...operands] = node.operands
    const call = { node, dot, operands, piped }
    switch (first.type) {
      case 'pipe':
        refuseArguments(first, call)
        return this.pipe(first, dot)
      case 'constant':
      case 'dot':
      case 'nil':
        this.#at(first)
        refuseArguments(first, call)
        if (first.type === 'constant') return first.value
        if (first.type === 'nil') throw new TemplateFailure('nil is not a command')
        return dot
      default:
        return this.#operand(first, call)
    }
  }

  async #operand(
    node: Exclude<Operand, PipeNode | ConstantNode | { type: 'dot' | 'nil' }>,
    call: Call
  ): Promise<Value> {
    this.#at(node)
    switch (node.type) {
      case 'identifier':
        if (SHORT_CIRCUITS.has(node.name)) return this.#shortCircuit(node.name, call)
        return this.#invoke(node.name, FUNCTIONS.get(node.name)!, call)
      case 'field':
        return this.#fields(node, call.dot, node.fields, call)
      case 'chain': {
        if (node.operand.type === 'nil')
          throw new TemplateFailure(`indirection through explicit nil in ${nodeText(node)}`)
        const value = await this.#argument(node.operand, 'any', call.dot)
        return this.#fields(node, value, node.fields, call)
      }
      case 'variable': {
        const value = this.variables.get(node.name)
        if (node.fields.length > 0) return this.#fields(node, value, node.fields, call)
        refuseArguments(node, call)
        return value
      }
    }
  }

  /** Members of members. The last may be a method with arguments. */
  async #fields(node: Operand, value: Value, fields: readonly string[], call: Call): Promise<Value> {
    let current = value
    for (const [i, name] of fields.entries()) {
      const own = i === fields.length - 1 ? call : { ...call, operands: [], piped: undefined }
      const member = memberOf(current, name)
      if ('method' in member) {
        current = await this.#invoke(name, member.method, { ...own, node })
        continue
      }
      if (own.operands.length > 0 || own.piped !== undefined)
        throw new TemplateFailure(
          member.of === 'map'
            ? `${name} is not a method but has arguments`
            : `${name} has arguments but cannot be invoked as function`
        )
      current = member.value
    }
    return current
  }

  async #shortCircuit(name: string, { dot, operands, piped }: Call): Promise<Value> {
    if (operands.length === 0 && piped === undefined)
      throw new TemplateFailure(`wrong number of args for ${name}: want at least 1 got 0`)
    let value: Value
    for (const operand of operands) {
      value = await this.#argument(operand, 'any', dot)
      if (isTrue(value) === (name === 'or')) return value
    }
    return piped === undefined ? value : piped.value
  }

  async #invoke(name: string, callee: TemplateFunction, call: Call): Promise<Value> {
    const { parameters } = callee
    checkCount(name, callee, call)
    const typeAt = (i: number) => parameters[Math.min(i, parameters.length - 1)]!
    const values: Value[] = []
    for (const [i, operand] of call.operands.entries()) values.push(await this.#argument(operand, typeAt(i), call.dot))
    if (call.piped !== undefined) values.push(converted(call.piped.value, typeAt(values.length)))
    try {
      return await callee.call(values, this.#context)
    } catch (error) {
      if (!(error instanceof TemplateFailure)) throw error
      this.#at(call.node)
      throw new TemplateFailure(`error calling ${name}: ${error.message}`, { cause: error })
    }
  }

  async #argument(node: Operand, type: ParameterType, dot: Value): Promise<Value> {
    this.#at(node)
    switch (node.type) {
      case 'dot':
        return converted(dot, type)
      case 'nil':
        if (type === 'string') throw new TemplateFailure(`cannot assign nil to ${type}`)
        return converted(undefined, type)
      case 'constant':
        return constantAs(node, type)
      case 'pipe':
        return converted(await this.pipe(node, dot), type)
      default:
        return converted(await this.#operand(node, { node, dot, operands: [], piped: undefined }), type)
    }
  }
}

function refuseArguments(node: Operand, { operands, piped }: Call): void {
  if (operands.length > 0 || piped !== undefined)
    throw new TemplateFailure(`can't give argument to non-function ${nodeText(node)}`)
}

function checkCount(name: string, { parameters, isVariadic }: TemplateFunction, { operands, piped }: Call): void {
  const count = operands.length + (piped === undefined ? 0 : 1)
  if (isVariadic) {
    const least = parameters.length - 1
    if (count < least)
      throw new TemplateFailure(`wrong number of args for ${name}: want at least ${least} got ${operands.length}`)
  } else if (count !== parameters.length)
    throw new TemplateFailure(`wrong number of args for ${name}: want ${parameters.length} got ${count}`)
}

function constantAs(node: ConstantNode, type: ParameterType): Value {
  const { value } = node
  if (type === 'any') return value
  if (type !== 'string') throw new TemplateFailure(`can't handle ${nodeText(node)} for arg of type ${type}`)
  if (typeof value !== 'string') throw new TemplateFailure(`expected string; found ${nodeText(node)}`)
  return value
}

function converted(value: Value, type: ParameterType): Value {
  if (type === 'any' || typeName(value) === type) return value
  if (value !== undefined) throw new TemplateFailure(`wrong type for value; expected ${type}; got ${typeName(value)}`)
  if (type === 'template.queryResult') return new Samples([])
  if (type === '*template.sample') return undefined
  throw new TemplateFailure(`invalid value; expected ${type}`)
}
