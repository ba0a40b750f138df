/** Messages name parts of the template, which may be long. */
const LONGEST_MESSAGE = 300

/** A template that cannot be parsed. */
export class TemplateSyntaxError extends Error {
  override readonly name = 'TemplateSyntaxError'
  /** In UTF-16 units of the text. */
  readonly at: number

  constructor(at: number, message: string) {
    super(message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message)
    this.at = at
  }
}

/** A template that cannot be expanded with its data. The message is Go's, without its place. */
export class TemplateFailure extends Error {
  override readonly name = 'TemplateFailure'
}
