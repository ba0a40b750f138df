import { BoundedText } from './bounded-text.ts'
import { elementsOf } from './elements.ts'
import type { CallContext } from './functions/function.ts'
import type { BranchNode, CommandNode, Node, Operand, PipeNode, TemplateNode } from './nodes.ts'
import type { ParsedTemplate } from './parser.ts'
import { PipelineEvaluator } from './pipeline-evaluator.ts'
import { printResult } from './printing/print-value.ts'
import { TemplateFailure } from './template-error.ts'
import { isTrue, type Value } from './values.ts'
import { Variables } from './variables.ts'

/** Nodes, commands and turns of loops of one expansion: some 50 ms. */
const MOST_STEPS = 100_000
/** Templates that call each other. */
const DEEPEST = 100

/** How a list of nodes ended. */
type Ending = 'end' | 'break' | 'continue'

/** The place at which an expansion stands, for errors. */
export interface Place {
  readonly node: Node | Operand | CommandNode | undefined
  /** The template that is executed: a defined one, or the outermost. */
  readonly template: string
}

/** Expands a parsed template, once. Rejects with a {@link TemplateFailure}: then `place` tells where. */
export class Evaluator {
  readonly #template: ParsedTemplate
  readonly #context: CallContext
  readonly #output = new BoundedText()
  #steps = 0
  #depth = 0
  #place: Place

  /** @param name of the outermost template */
  constructor(template: ParsedTemplate, name: string, context: CallContext) {
    this.#template = template
    this.#context = context
    this.#place = { node: undefined, template: name }
  }

  get place(): Place {
    return this.#place
  }

  async expand(dot: Value): Promise<string> {
    await this.#execution(dot).list(this.#template.root, dot)
    return this.#output.text
  }

  /** Variables of a template are its own. */
  #execution(dot: Value): Execution {
    const at = (node: Node | Operand | CommandNode) => this.#at(node)
    const pipelines = new PipelineEvaluator(new Variables(dot), this.#context, at)
    return new Execution(pipelines, this.#output, at, (node, data) => this.#call(node, data))
  }

  async #call({ name }: TemplateNode, dot: Value): Promise<void> {
    const defined = this.#template.defined.get(name)
    if (defined === undefined) throw new TemplateFailure(`template "${name}" not defined`)
    if (this.#depth === DEEPEST) throw new TemplateFailure(`exceeded maximum template depth (${DEEPEST})`)
    const { template } = this.#place
    this.#place = { node: undefined, template: name }
    this.#depth++
    await this.#execution(dot).list(defined, dot)
    this.#depth--
    this.#place = { node: undefined, template }
  }

  #at(node: Node | Operand | CommandNode): void {
    this.#place = { ...this.#place, node }
    if (++this.#steps > MOST_STEPS) throw new TemplateFailure(`it takes more than ${MOST_STEPS} steps`)
  }
}

/** The execution of one template with its own variables. */
class Execution {
  readonly #pipelines: PipelineEvaluator
  readonly #output: BoundedText
  readonly #at: (node: Node | Operand | CommandNode) => void
  readonly #call: (node: TemplateNode, dot: Value) => Promise<void>

  constructor(
    pipelines: PipelineEvaluator,
    output: BoundedText,
    at: (node: Node | Operand | CommandNode) => void,
    call: (node: TemplateNode, dot: Value) => Promise<void>
  ) {
    this.#pipelines = pipelines
    this.#output = output
    this.#at = at
    this.#call = call
  }

  async list(nodes: readonly Node[], dot: Value): Promise<Ending> {
    for (const node of nodes) {
      const ending = await this.#node(node, dot)
      if (ending !== 'end') return ending
    }
    return 'end'
  }

  async #node(node: Node, dot: Value): Promise<Ending> {
    this.#at(node)
    switch (node.type) {
      case 'text':
        this.#output.append(node.text)
        return 'end'
      case 'action':
        return this.#action(node.pipe, dot)
      case 'break':
      case 'continue':
        return node.type
      case 'range':
        return this.#scoped(() => this.#range(node, dot))
      case 'if':
      case 'with':
        return this.#scoped(() => this.#condition(node, dot))
      case 'template':
        await this.#call(node, node.pipe && (await this.#pipelines.pipe(node.pipe, dot)))
        return 'end'
    }
  }

  async #action(pipe: PipeNode, dot: Value): Promise<Ending> {
    const value = await this.#pipelines.pipe(pipe, dot)
    if (pipe.variables.length === 0) printResult(this.#output, value)
    return 'end'
  }

  async #condition({ type, pipe, body, otherwise }: BranchNode, dot: Value): Promise<Ending> {
    const value = await this.#pipelines.pipe(pipe, dot)
    if (isTrue(value)) return this.list(body, type === 'with' ? value : dot)
    return otherwise === undefined ? 'end' : this.list(otherwise, dot)
  }

  async #range(node: BranchNode, dot: Value): Promise<Ending> {
    const { pipe, body, otherwise } = node
    const value = await this.#pipelines.pipe(pipe, dot)
    let isEmpty = true
    for (const [key, element] of elementsOf(value, pipe.variables.length > 1)) {
      if (isEmpty) this.#at(node)
      isEmpty = false
      const ending = await this.#scoped(() => {
        this.#at(node)
        this.#setElement(pipe, key, element)
        return this.list(body, element)
      })
      if (ending === 'break') break
    }
    return isEmpty && otherwise !== undefined ? this.list(otherwise, dot) : 'end'
  }

  #setElement({ variables, isAssignment }: PipeNode, key: Value, element: Value): void {
    const own = this.#pipelines.variables
    const values = variables.length > 1 ? [key, element] : [element]
    for (const [i, name] of variables.entries()) {
      if (isAssignment) own.set(name, values[i])
      else own.declare(name, values[i])
    }
  }

  /** Variables that it declares end with it. */
  async #scoped(run: () => Promise<Ending>): Promise<Ending> {
    const { variables } = this.#pipelines
    const { mark } = variables
    const ending = await run()
    variables.back(mark)
    return ending
  }
}
