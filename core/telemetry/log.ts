import pino, { type Logger } from 'pino'

const KEPT_PROBLEMS = 50
const WARN = 40

/** A warning or error as the admin page shows it. */
export interface LoggedProblem {
  /** Unix ms. */
  readonly time: number
  readonly level: 'warn' | 'error'
  readonly component: string
  readonly message: string
  /** The other fields of the log line, as `name=value`. */
  readonly details: string
}

/** The log (JSON lines on standard error) and the latest warnings and errors written to it. */
export class Log {
  readonly logger: Logger
  #problems: LoggedProblem[] = []

  /** @param hide takes secrets out of a text */
  constructor(level: string, hide: (text: string) => string = text => text) {
    const remember = ({ message, details, ...problem }: LoggedProblem) => {
      this.#problems.push({ ...problem, message: hide(message), details: hide(details) })
      if (this.#problems.length > KEPT_PROBLEMS) this.#problems.shift()
    }
    const destination = pino.destination({ fd: 2, sync: true })
    const hiding = { write: (line: string) => void destination.write(hide(line)) }
    this.logger = pino({ level, base: undefined, hooks: { logMethod: tap(remember) } }, hiding)
  }

  /** Oldest first. */
  get problems(): readonly LoggedProblem[] {
    return this.#problems
  }
}

function tap(remember: (problem: LoggedProblem) => void): NonNullable<pino.LoggerOptions['hooks']>['logMethod'] {
  return function (args, method, level) {
    if (level >= WARN) {
      const [first, text] = args as unknown as [unknown, string | undefined]
      const { err, ...fields } = (typeof first === 'object' ? first : {}) as { err?: unknown }
      // In a worker's line an error is plain data.
      const cause = (err as Partial<Error> | undefined)?.message ?? err
      const message = [typeof first === 'string' ? first : text, cause].filter(Boolean).join(': ')
      const details = Object.entries(fields).map(([name, value]) => `${name}=${value}`)
      const component = String(this.bindings().component ?? '')
      const severity = level > WARN ? 'error' : 'warn'
      remember({ time: Date.now(), level: severity, component, message, details: details.join(' ') })
    }
    method.apply(this, args)
  }
}
