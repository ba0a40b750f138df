import type { Locator } from 'playwright-core'

/** As a user does it. Chromium styles text that replaces other text, which the page's policy refuses. */
export async function retype(editor: Locator, text: string): Promise<void> {
  await editor.press('ControlOrMeta+a')
  await editor.press('Delete')
  await editor.pressSequentially(text)
}
