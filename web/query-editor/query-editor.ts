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
export type MakeEditor = (value: string, options: EditorOptions) => QueryEditor

export interface EditorOptions {
  /** Enter was pressed. Without it Enter begins a line. */
  readonly onRun?: () => void
  /** Name of the field. */
  readonly label: string
  /** Path of the query API that completes names. */
  readonly api: Promise<string>
}
