import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '../e2e/weir-process.ts'

/** A fenced block. After its language may stand words: what it is, such as `fragment`, and the file it shows or is. */
export interface Block {
  /** Relative to the root. */
  readonly page: string
  /** Of the fence, from 1. */
  readonly line: number
  readonly language: string
  readonly words: readonly string[]
  /** `weir.yaml` is a file the page's commands find; `docs/examples/pace.ts` one of the repository. */
  readonly file: string | undefined
  readonly text: string
}

const FENCE = /^```(\S*) ?(.*)$/

/** The fenced blocks of a Markdown file. */
export function blocksOf(page: string): Block[] {
  const lines = readFileSync(path.join(ROOT, page), 'utf8').split('\n')
  const blocks: Block[] = []
  for (let i = 0; i < lines.length; i++) {
    const [, language, note] = FENCE.exec(lines[i]) ?? []
    if (language === undefined) continue
    const end = lines.indexOf('```', i + 1)
    if (end < 0) throw new Error(`${page}:${i + 1}: this block does not end`)
    const words = note.split(' ').filter(Boolean)
    const file = words.find(word => word.includes('.'))
    blocks.push({ page, line: i + 1, language, words, file, text: `${lines.slice(i + 1, end).join('\n')}\n` })
    i = end
  }
  return blocks
}

/** Whether it shows a file that the repository has. */
export function showsFile({ file }: Block): boolean {
  return file !== undefined && existsSync(path.join(ROOT, file))
}

export const where = ({ page, line, language }: Block) => `${page}:${line} ${language}`
