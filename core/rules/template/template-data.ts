import type { AskVector } from '../samples.ts'

/** What the templates of one alert know. */
export interface TemplateData {
  /** Name of the alert; errors name it. */
  readonly alert: string
  /** Labels of the result that makes the alert. */
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly externalLabels: Readonly<Record<string, string>>
  /** Empty if it is not known. */
  readonly externalUrl: string
  /** Of the evaluation, in Unix ms. */
  readonly time: number
}

/** What templates ask for. */
export interface TemplateHost {
  /** Answers the function `query`. */
  readonly ask: AskVector
  /** A template could not be expanded. The message is for the author of the rule. */
  templateFailed(message: string): void
}
