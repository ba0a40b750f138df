import { WeirError } from '../errors.ts'

/**
 * Kafka's name of the error, such as `ILLEGAL_GENERATION`. The client wraps errors several times. Undefined if no broker
 * answered.
 */
export function kafkaError(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { apiId, errors, cause } = error as { apiId?: unknown; errors?: unknown; cause?: unknown }
  if (typeof apiId === 'string') return apiId
  for (const inner of Array.isArray(errors) ? errors : []) {
    const found = kafkaError(inner)
    if (found !== undefined) return found
  }
  return cause === undefined || cause === error ? undefined : kafkaError(cause)
}

/** Its causes in words: the client's own message says that there were some. */
export function describeKafkaError(error: unknown): string {
  const texts = new Set<string>()
  collect(error, texts)
  return [...texts].join(': ')
}

function collect(error: unknown, texts: Set<string>): void {
  if (!(error instanceof Error)) return void texts.add(String(error))
  // Its message has that of its cause.
  if (WeirError.is(error)) return void texts.add(error.message)
  const { errors } = error as { errors?: unknown }
  if (Array.isArray(errors) && errors.length > 0) for (const inner of errors) collect(inner, texts)
  else if (error.message !== '') texts.add(error.message)
  if (error.cause !== undefined) collect(error.cause, texts)
}
