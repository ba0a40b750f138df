import { readFileSync } from 'node:fs'
import { filesOfPattern } from '../../core/rules/file-patterns.ts'
import { readRuleFiles } from '../../core/rules/rule-file.ts'
import type { RuleGroup } from '../../core/rules/rule-group.ts'
import { describeError, WeirError } from '../../sdk/plugin/index.ts'

/** The rule files of a configuration, and their content when they were read last. */
export class RuleFiles {
  readonly #patterns: readonly string[]
  #content: string | undefined

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns
  }

  /**
   * The groups of all files, or undefined if nothing has changed since the last time. Throws `CONFIG_INVALID` with all
   * faults of the files, and `COMPONENT_FAILED` if one cannot be read.
   */
  read(): RuleGroup[] | undefined {
    const before = this.#content
    // If a file cannot be read, the next content is a change, whatever it is.
    this.#content = undefined
    const texts = this.#texts()
    this.#content = JSON.stringify(texts)
    return this.#content === before ? undefined : readRuleFiles(texts)
  }

  #texts(): [file: string, text: string][] {
    const files = [...new Set(this.#patterns.flatMap(pattern => filesOfPattern(pattern)))].sort()
    return files.map(file => [file, readText(file)])
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new WeirError('COMPONENT_FAILED', `cannot read the rule file ${file}: ${describeError(cause)}`, { cause })
  }
}
