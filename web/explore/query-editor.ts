/** An input of PromQL. */
export interface QueryEditor {
  readonly root: HTMLElement
  value: string
  focus(): void
  /** Marks where an error of the server is: `1:5: parse error: …`; undefined takes the mark away. */
  mark(error: string | undefined): void
  close(): void
}

/** What the tab loads once somebody wants to type. */
export type MakeEditor = (value: string, events: EditorEvents) => QueryEditor

export interface EditorEvents {
  /** The query is to be run. */
  onRun(): void
  /** Path of the query API that completes names. */
  readonly api: Promise<string>
}
