/** Nodes of a template. `at` is where Go says that they are, in UTF-16 units of the template. */
export type Node =
  | { readonly type: 'text'; readonly at: number; readonly text: string }
  | { readonly type: 'action'; readonly at: number; readonly pipe: PipeNode }
  | BranchNode
  | { readonly type: 'break' | 'continue'; readonly at: number }
  | TemplateNode

export interface BranchNode {
  readonly type: 'if' | 'with' | 'range'
  readonly at: number
  readonly pipe: PipeNode
  readonly body: readonly Node[]
  readonly otherwise: readonly Node[] | undefined
}

/** A call of another template. */
export interface TemplateNode {
  readonly type: 'template'
  readonly at: number
  readonly name: string
  readonly pipe: PipeNode | undefined
}

export interface PipeNode {
  readonly type: 'pipe'
  readonly at: number
  /** Variables that get the value, with their `$`. */
  readonly variables: readonly string[]
  /** They exist already. */
  readonly isAssignment: boolean
  readonly commands: readonly CommandNode[]
}

export interface CommandNode {
  readonly type: 'command'
  readonly at: number
  /** The first is the function, the field or the value. */
  readonly operands: readonly [Operand, ...Operand[]]
}

export type Operand =
  | PipeNode
  | { readonly type: 'identifier'; readonly at: number; readonly name: string }
  | VariableNode
  | FieldNode
  | ChainNode
  | { readonly type: 'dot' | 'nil'; readonly at: number }
  | ConstantNode

/** `$name.Field.Field`. */
export interface VariableNode {
  readonly type: 'variable'
  readonly at: number
  readonly name: string
  readonly fields: readonly string[]
}

/** `.Field.Field` of the dot. */
export interface FieldNode {
  readonly type: 'field'
  readonly at: number
  readonly fields: readonly string[]
}

/** Fields of another operand, such as `(query "up").Value`. */
export interface ChainNode {
  readonly type: 'chain'
  readonly at: number
  readonly operand: Operand
  readonly fields: readonly string[]
}

export interface ConstantNode {
  readonly type: 'constant'
  readonly at: number
  /** As it is written. */
  readonly text: string
  /** An int is a bigint, a float64 a number. */
  readonly value: string | boolean | number | bigint
}
