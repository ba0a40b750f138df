import path from 'node:path'

export const FORMATS = ['.csv', '.json', '.yaml', '.yml']

/** The format of a file, by the end of its name; undefined if no table has such a name. */
export const formatOf = (file: string): string | undefined =>
  FORMATS.find(format => format === path.extname(file).toLowerCase())
