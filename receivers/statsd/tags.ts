import type { Attribute } from '../../sdk/plugin/index.ts'
import { BARE_TAG_VALUE } from './tag-formats.ts'

/** The text whose bytes are the units of `latin1`. */
export const utf8 = (latin1: string) => Buffer.from(latin1, 'latin1').toString()

/** @param tags `tag:value,tag`, as latin1 */
export function addTags(tags: string, attributes: Attribute[]): void {
  for (const part of utf8(tags).split(',')) {
    // Some clients write `#` before each tag.
    const tag = part.startsWith('#') ? part.slice(1) : part
    const colon = tag.indexOf(':')
    const key = colon < 0 ? tag : tag.slice(0, colon)
    if (key !== '') attributes.push([key, colon < 0 ? BARE_TAG_VALUE : tag.slice(colon + 1)])
  }
}

/** The most detail of a line's origin that its sender wants: `card:` of DogStatsD. */
type Cardinality = 'none' | 'low' | 'orchestrator' | 'high'
const CARDINALITIES: readonly string[] = ['none', 'low', 'orchestrator', 'high'] satisfies Cardinality[]

/** Sections of a line that tell its origin. */
const CONTAINER = 'c:'
const EXTERNAL_DATA = 'e:'
const CARDINALITY = 'card:'

/**
 * Attributes of the container that a line comes from. Each of them is as detailed as one cardinality: the name of a
 * container is `low`, a pod is `orchestrator`, a container is `high`.
 * @param sections of a line, as latin1, without their `|`
 */
export function addOrigin(sections: readonly string[], attributes: Attribute[]): void {
  let detail = CARDINALITIES.indexOf('high')
  for (const section of sections) {
    const known = section.startsWith(CARDINALITY) ? CARDINALITIES.indexOf(section.slice(CARDINALITY.length)) : -1
    if (known >= 0) detail = known
  }
  const add = (cardinality: Cardinality, key: string, value: string) => {
    if (value !== '' && CARDINALITIES.indexOf(cardinality) <= detail) attributes.push([key, utf8(value)])
  }
  for (const section of sections) {
    if (section.startsWith(CONTAINER)) add('high', 'container.id', containerOf(section.slice(CONTAINER.length)))
    else if (section.startsWith(EXTERNAL_DATA)) {
      // `it-<is init container>,cn-<container>,pu-<pod>`, in any order.
      for (const item of section.slice(EXTERNAL_DATA.length).split(',')) {
        if (item.startsWith('cn-')) add('low', 'k8s.container.name', item.slice(3))
        else if (item.startsWith('pu-')) add('orchestrator', 'k8s.pod.uid', item.slice(3))
      }
    }
  }
}

// `ci-<id>` since DogStatsD 1.4; `in-<inode>` names a cgroup, which only an agent on that machine can resolve.
function containerOf(text: string): string {
  if (text.startsWith('in-')) return ''
  return text.startsWith('ci-') ? text.slice(3) : text
}
