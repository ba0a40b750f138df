import { QueryError } from '../query-error.ts'

/** A mistake in the notation. The message says where: it names the part. */
export const bad = (message: string) => new QueryError('bad_data', message)
