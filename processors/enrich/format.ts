import path from 'node:path'

export const FORMATS = ['.csv', '.json', '.yaml', '.yml']

/** How a file is read, by the end of its name; undefined where that is no table's. */
export const formatOf = (file: string): string | undefined =>
  FORMATS.find(format => format === path.extname(file).toLowerCase())
