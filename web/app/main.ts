// The page: its tabs, the state of the process in its head, and one view at a time below.
import { element, update } from '../ui/dom.ts'
import { duration } from '../ui/format.ts'
import { place } from './place.ts'
import { statusFeed } from './status.ts'
import type { View } from './view.ts'

/** Each is loaded when it is first opened. */
const TABS: Readonly<Record<string, () => Promise<{ readonly view: View }>>> = {
  explore: () => import('../explore/view.ts'),
  events: () => import('../events/view.ts'),
  dashboards: () => import('../dashboards/view.ts'),
  pipeline: () => import('../pipeline/view.ts'),
  cardinality: () => import('../cardinality/view.ts'),
  ledger: () => import('../ledger/view.ts')
}

const main = document.querySelector('main')!
const nav = document.querySelector('nav')!
const phase = document.getElementById('phase')!
let open: { readonly tab: string; close(): void } | undefined

async function showTab(): Promise<void> {
  const tab = Object.hasOwn(TABS, place.tab) ? place.tab : await usualTab()
  showNav(tab)
  if (open?.tab === tab) return
  open?.close()
  const opening = { tab, close() {} }
  open = opening
  main.replaceChildren()
  try {
    const { view } = await TABS[tab]()
    // Somebody may have gone on while it was loaded.
    if (open !== opening) return
    const shown = view(main, place)
    opening.close = () => shown.close()
  } catch (error) {
    console.error(error)
    if (open === opening) main.replaceChildren(element('p', { role: 'alert' }, `This view did not load: ${error}`))
  }
}

/** Without a query API there is nothing to explore. */
async function usualTab(): Promise<string> {
  const { queryApis } = await statusFeed.known()
  const tab = queryApis.length > 0 ? 'explore' : 'pipeline'
  history.replaceState(undefined, '', place.hrefOf(tab))
  return tab
}

function showNav(current: string): void {
  update(
    nav,
    Object.keys(TABS).map(tab =>
      element(
        'a',
        { href: place.hrefOf(tab), 'aria-current': tab === current ? 'page' : undefined },
        tab[0].toUpperCase() + tab.slice(1)
      )
    )
  )
}

statusFeed.subscribe(status => {
  const states = status?.components.map(({ state }) => state)
  const worst = ['failed', 'degraded'].find(state => states?.includes(state))
  const text = status === undefined ? 'not reachable' : worst === undefined ? status.phase : `${status.phase}, ${worst}`
  const state = status === undefined ? 'failed' : (worst ?? (status.phase === 'running' ? 'ok' : 'degraded'))
  update(phase, [text])
  phase.className = `badge ${state}`
  document.title = `Weir: ${text}`
  document.body.classList.toggle('lost', status === undefined)
  if (status !== undefined)
    update(document.getElementById('uptime')!, [`${location.host}, up ${duration(status.uptimeSeconds)}`])
})

// Links of the tabs take along what the open tab has chosen since.
nav.addEventListener('pointerdown', () => showNav(open?.tab ?? ''))
nav.addEventListener('focusin', () => showNav(open?.tab ?? ''))
place.onChange(() => void showTab())
statusFeed.start()
void showTab()
