import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

const SOURCES = '{core,receivers,processors,exporters,sdk}/**/*.ts'
/** A line that is a comment and nothing else; its text. */
const COMMENT = /^[ \t]*(?:\/\/+|\/\*+|\*(?!\/))[ \t]*(.*\w.*)$/gm
/** Openings of comments that leave their subject out. */
const HEADLESS = /^(?:What|Of|Where|Who|Whether)\b/
/** The share is to become 0.02. Lower this constant when comments are rewritten, and never raise it. */
const MAX_SHARE = 0.02

/** One sentence if too many comment lines under `root` begin without their subject. */
export function checkCommentOpenings(root: string, maxShare = MAX_SHARE): string[] {
  const lines = globSync(SOURCES, { cwd: root }).flatMap(file =>
    [...readFileSync(path.join(root, file), 'utf8').matchAll(COMMENT)].map(([, text]) => ({ file, text }))
  )
  const headless = lines.filter(({ text }) => HEADLESS.test(text))
  if (headless.length <= lines.length * maxShare) return []
  const share = ((headless.length / lines.length) * 100).toFixed(1)
  const most = busiest(headless.map(({ file }) => file))
  return [
    `${headless.length} of ${lines.length} comment lines (${share} %) begin with What, Of, Where, Who or Whether, and ${maxShare * 100} % may: begin with the subject, first in ${most.join(', ')}`
  ]
}

/** The three names that are listed most often. */
function busiest(files: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const file of files) counts.set(file, (counts.get(file) ?? 0) + 1)
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([file]) => file)
}
