import type { VectorResult } from '../samples.ts'

/** What the templates of one alert know. */
export interface TemplateData {
  /** Labels of the result that makes the alert. */
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly externalLabels: Readonly<Record<string, string>>
  readonly externalUrl: string
}

/** What templates ask for. */
export interface TemplateHost {
  readonly externalLabels: Readonly<Record<string, string>>
  /** Empty if it is not known. */
  readonly externalUrl: string
  /** The function `query`, at the time of the evaluation. */
  query(text: string): Promise<VectorResult[]>
}
