import type { ConfigSchema } from '../../sdk/plugin/index.ts'

/** Input of a test: the answer of a target to a scrape. */
export interface Input {
  readonly job: string
  readonly target: string
  readonly text: string
  readonly content_type: string
}

export const INPUT: ConfigSchema = {
  type: 'object',
  required: ['job', 'target', 'text'],
  properties: {
    job: { type: 'string', description: 'The job_name of the target.' },
    target: { type: 'string', description: 'The address of the target, as host:port.' },
    text: { type: 'string', description: 'Its metrics, in the text format.' },
    content_type: { type: 'string', description: 'The format of the text.', default: 'text/plain; version=0.0.4' }
  }
}
