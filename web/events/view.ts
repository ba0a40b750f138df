import type { View } from '../app/view.ts'
import { element } from '../ui/dom.ts'

export const view: View = root => {
  root.append(element('h2', {}, 'Events'))
  return { close() {} }
}
