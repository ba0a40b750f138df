// What is shown is made anew at every poll and laid over what is there: only what differs is touched, so that scroll
// positions, selections, focus and animations stay. Text is set as text, never as HTML.

/** Attributes that are undefined or false, and children that are undefined, are left out. */
export function element(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children)
}

export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)
}

/** Makes `wanted` (elements and strings) the children of `parent`. Those of an element with `data-own` are left alone. */
export function update(parent, wanted) {
  const present = [...parent.childNodes]
  for (const [i, want] of wanted.entries()) {
    const node = typeof want === 'string' ? document.createTextNode(want) : want
    const old = present[i]
    if (old === undefined) parent.append(node)
    else if (old.nodeName !== node.nodeName) old.replaceWith(node)
    else if (node.nodeType === Node.TEXT_NODE) setText(old, node.data)
    else {
      copyAttributes(node, old)
      if (!('own' in node.dataset)) update(old, [...node.childNodes])
    }
  }
  for (const surplus of present.slice(wanted.length)) surplus.remove()
}

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value)
  }
  made.append(...children.filter(child => child !== undefined))
  return made
}

function setText(node, text) {
  if (node.data !== text) node.data = text
}

function copyAttributes(from, to) {
  for (const { name, value } of from.attributes) if (to.getAttribute(name) !== value) to.setAttribute(name, value)
  for (const { name } of [...to.attributes]) if (!from.hasAttribute(name)) to.removeAttribute(name)
}
