// Text is set as text, never as HTML: names and values come from outside.

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>
type Child = Node | string | undefined | false

/** Attributes that are undefined or false, and children that are undefined or false, are left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children)
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)
}

/** A button that does `act`. Its text is its name, unless `attributes` has an `aria-label`. */
export function button(text: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, text)
  made.addEventListener('click', act)
  return made
}

/**
 * Lays `wanted` over the children of `parent`. Only what differs is touched, so that scroll positions, selections, focus
 * and animations stay. Listeners of `wanted` are not carried over: use those of an ancestor. The children of an element
 * with `data-own` are left alone.
 */
export function update(parent: Element, wanted: readonly (Node | string)[]): void {
  const present = [...parent.childNodes]
  for (const [i, want] of wanted.entries()) {
    const node = typeof want === 'string' ? document.createTextNode(want) : want
    const old = present[i]
    if (old === undefined) parent.append(node)
    else if (old.nodeName !== node.nodeName) old.replaceWith(node)
    else if (node instanceof Text) setText(old as Text, node.data)
    else updateElement(old as HTMLElement, node as HTMLElement)
  }
  for (const surplus of present.slice(wanted.length)) surplus.remove()
}

function updateElement(old: HTMLElement, wanted: HTMLElement): void {
  copyAttributes(wanted, old)
  if (!('own' in wanted.dataset)) update(old, [...wanted.childNodes])
}

function fill<E extends Element>(made: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : String(value))
  }
  made.append(...children.filter(child => child !== undefined && child !== false))
  return made
}

function setText(node: Text, text: string): void {
  if (node.data !== text) node.data = text
}

function copyAttributes(from: HTMLElement, to: HTMLElement): void {
  for (const { name, value } of from.attributes) {
    if (to.getAttribute(name) === value) continue
    // The page's policy refuses the attribute, and takes what a script sets.
    if (name === 'style') to.style.cssText = value
    else to.setAttribute(name, value)
  }
  for (const { name } of [...to.attributes]) if (!from.hasAttribute(name)) to.removeAttribute(name)
}
