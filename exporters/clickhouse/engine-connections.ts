/** As many statements of one kind run at once seldom, and an idle connection takes little. */
const MOST_IDLE = 16

/** A connection of the embedded engine, as far as it is needed here. */
export interface EngineConnection {
  queryAsync(sql: string): Promise<unknown>
  close(): void
}

/** A connection with settings of its own, for one statement at a time. */
export interface NamedConnection<C> {
  readonly connection: C
  /** `log_comment` of its statements, by which they are killed. */
  readonly name: string
  /** The statements that made its settings. */
  readonly session: string
}

/** Connections by their settings. Making one takes longer than a short query, so they are used again. */
export class EngineConnections<C extends EngineConnection> {
  readonly #open: () => C
  readonly #prefix: string
  /** The one that was used last is the last. */
  readonly #idle: NamedConnection<C>[] = []
  #opened = 0

  /** @param prefix of names */
  constructor(open: () => C, prefix: string) {
    this.#open = open
    this.#prefix = prefix
  }

  /** @param session statements to run once on a new connection */
  async take(session: readonly string[]): Promise<NamedConnection<C>> {
    const key = session.join('; ')
    const at = this.#idle.findLastIndex(idle => idle.session === key)
    if (at >= 0) return this.#idle.splice(at, 1)[0]
    const own = { connection: this.#open(), name: `${this.#prefix}-${++this.#opened}`, session: key }
    try {
      // The name is first: a session may go on to forbid settings.
      await own.connection.queryAsync(`SET log_comment = '${own.name}'; ${key}`)
      return own
    } catch (error) {
      own.connection.close()
      throw error
    }
  }

  /** @param isClean false if its last statement failed or was killed: nobody uses it again */
  release(own: NamedConnection<C>, isClean: boolean): void {
    if (!isClean) return own.connection.close()
    this.#idle.push(own)
    if (this.#idle.length > MOST_IDLE) this.#idle.shift()!.connection.close()
  }

  close(): void {
    for (const { connection } of this.#idle.splice(0)) connection.close()
  }
}
