import { statSync } from 'node:fs'

/** The reason why `folder` cannot be read. Undefined if it is a folder. @param option that has its path */
export function folderProblem(folder: string, option: string): string | undefined {
  const found = statSync(folder, { throwIfNoEntry: false })
  if (found?.isDirectory()) return undefined
  return `${found === undefined ? `there is no folder ${folder}` : `${folder} is no folder`}; see ${option} for its path`
}
