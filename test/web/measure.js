// What tests measure inside the page, as `measure`.

const CONTRAST_OFFSET = 0.05

globalThis.measure = {
  /**
   * How far the two ends of every line are from the edges of the nodes they should touch, px: by pipeline, in the order
   * of the nodes. Of stages under each other it is the stages that a line joins.
   */
  lines() {
    return [...document.querySelectorAll('.stages')].map(box => {
      const isStacked = getComputedStyle(box).flexDirection === 'column'
      const stages = [...box.querySelectorAll('.stage')].map(stage => (isStacked ? [stage] : [...stage.children]))
      const joined = stages.slice(1).flatMap((next, i) => stages[i].flatMap(from => next.map(to => [from, to])))
      return [...box.querySelectorAll('path')].map((path, i) => distances(path, ...joined[i], isStacked))
    })
  },

  /** By how much the page is wider than the window, px. */
  overflow() {
    return document.documentElement.scrollWidth - document.documentElement.clientWidth
  },

  /** The layout shift score of the next `ms`: 0 where nothing moved. */
  shifts(ms) {
    let score = 0
    const observer = new PerformanceObserver(list => {
      for (const entry of list.getEntries()) score += entry.value
    })
    observer.observe({ type: 'layout-shift' })
    return new Promise(resolve => setTimeout(() => resolve(score), ms))
  },

  /** The contrast ratio of every text with what is behind it, as WCAG has it. */
  contrasts() {
    const hasText = element =>
      [...element.childNodes].some(node => node.nodeName === '#text' && node.data.trim() !== '')
    return [...document.body.querySelectorAll('*')].filter(hasText).map(element => {
      const colors = [getComputedStyle(element).color, behind(element)]
      const [dark, light] = colors.map(luminance).sort((a, b) => a - b)
      return { text: element.textContent, contrast: (light + CONTRAST_OFFSET) / (dark + CONTRAST_OFFSET) }
    })
  }
}

function distances(path, from, to, isStacked) {
  const at = length => path.getPointAtLength(length).matrixTransform(path.getScreenCTM())
  const [start, end] = [at(0), at(path.getTotalLength())]
  const [a, b] = [from.getBoundingClientRect(), to.getBoundingClientRect()]
  if (isStacked) return { from: Math.abs(start.y - a.bottom), to: Math.abs(end.y - b.top) }
  return {
    from: Math.hypot(start.x - a.right, start.y - (a.top + a.bottom) / 2),
    to: Math.hypot(end.x - b.left, end.y - (b.top + b.bottom) / 2)
  }
}

function luminance(color) {
  const [r, g, b] = channels(color).map(byte => {
    const part = byte / 255
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function behind(element) {
  if (element === null) return 'rgb(255, 255, 255)'
  const color = getComputedStyle(element).backgroundColor
  return channels(color)[3] === 0 ? behind(element.parentElement) : color
}

/** Mixed colors come as `color(srgb 0.1 0.4 0.9)`, others as `rgb(26, 102, 230)`. */
function channels(color) {
  const numbers = color.match(/[\d.]+/g).map(Number)
  return color.startsWith('color(') ? numbers.map((number, i) => (i < 3 ? number * 255 : number)) : numbers
}
