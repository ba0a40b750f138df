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

// `ci-<id>` since DogStatsD 1.4; `in-<inode>` names a cgroup, which only an agent on that machine can resolve.
export function addContainer(container: string, attributes: Attribute[]): void {
  const id = container.startsWith('ci-') ? container.slice(3) : container
  if (id !== '' && !id.startsWith('in-')) attributes.push(['container.id', utf8(id)])
}
