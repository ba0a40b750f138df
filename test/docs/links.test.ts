import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../e2e/weir-process.ts'

const PAGES = globSync('**/*.md', { cwd: ROOT, exclude: ['**/node_modules', 'dist'] })
/** A path from the root of the repository, written as code. */
const PATH = /`((?:bench|bin|configs|core|docs|exporters|processors|receivers|scripts|sdk|test|web)\/[\w./-]+)`/g

for (const page of PAGES) {
  test(`links of ${page} lead somewhere`, () => {
    for (const [, target] of proseOf(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [file, anchor] = target.split('#')
      const other = file === '' ? page : path.join(path.dirname(page), file)
      assert.ok(existsSync(path.join(ROOT, other)), target)
      if (anchor !== undefined) assert.ok(anchorsOf(other).includes(anchor), target)
    }
  })

  test(`files that ${page} names exist`, () => {
    for (const [, file] of proseOf(page).matchAll(PATH)) assert.ok(existsSync(path.join(ROOT, file)), file)
  })
}

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\d _-]/gu, '')
      .replaceAll(' ', '-')
  )
}

const proseOf = (page: string) => readFileSync(path.join(ROOT, page), 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '')
