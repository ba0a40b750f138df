import { quote } from '../../promql/parser/strings.ts'
import type { BranchNode, CommandNode, Node, Operand, PipeNode } from './nodes.ts'

/** A node as Go writes it in errors. */
export function nodeText(node: Node | Operand | CommandNode): string {
  switch (node.type) {
    case 'text':
    case 'constant':
      return node.text
    case 'action':
      return `{{${nodeText(node.pipe)}}}`
    case 'if':
    case 'with':
    case 'range':
      return branchText(node)
    case 'break':
    case 'continue':
      return `{{${node.type}}}`
    case 'template':
      return `{{template ${quote(node.name)}${node.pipe === undefined ? '' : ` ${nodeText(node.pipe)}`}}}`
    case 'pipe':
      return pipeText(node)
    case 'command':
      return node.operands.map(operandText).join(' ')
    case 'identifier':
      return node.name
    case 'variable':
      return [node.name, ...node.fields].join('.')
    case 'field':
      return fieldsText(node.fields)
    case 'chain':
      return operandText(node.operand) + fieldsText(node.fields)
    case 'dot':
      return '.'
    case 'nil':
      return 'nil'
  }
}

function branchText({ type, pipe, body, otherwise }: BranchNode): string {
  const rest = otherwise === undefined ? '' : `{{else}}${otherwise.map(nodeText).join('')}`
  return `{{${type} ${pipeText(pipe)}}}${body.map(nodeText).join('')}${rest}{{end}}`
}

function pipeText({ variables, isAssignment, commands }: PipeNode): string {
  const target = variables.length === 0 ? '' : `${variables.join(', ')} ${isAssignment ? '=' : ':='} `
  return target + commands.map(nodeText).join(' | ')
}

const operandText = (node: Operand) => (node.type === 'pipe' ? `(${pipeText(node)})` : nodeText(node))

const fieldsText = (fields: readonly string[]) => fields.map(field => `.${field}`).join('')
