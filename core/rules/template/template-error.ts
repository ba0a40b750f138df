/** A template that cannot be parsed. */
export class TemplateSyntaxError extends Error {
  override readonly name = 'TemplateSyntaxError'
  /** In UTF-16 units of the text. */
  readonly at: number

  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

/** A template that cannot be expanded with its data. The message is Go's, without its place. */
export class TemplateFailure extends Error {
  override readonly name = 'TemplateFailure'
}
