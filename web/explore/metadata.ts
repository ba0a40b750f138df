/** The answer of `/api/v1/metadata`, by names of metrics. */
export type Metadata = Readonly<Record<string, readonly { readonly type: string; readonly help: string }[]>>

/** Series of classic histograms have the metadata of their metric. */
export function metadataOf(metadata: Metadata, name: string): { readonly type?: string; readonly help?: string } {
  const own = entryOf(metadata, name)
  if (own !== undefined) return own
  const base = name.replace(/_(bucket|count|sum)$/, '')
  const ofBase = base === name ? undefined : entryOf(metadata, base)
  return ofBase === undefined ? {} : { type: 'counter', help: ofBase.help }
}

/** Names come from outside, and may be those of something that all objects have. */
function entryOf(metadata: Metadata, name: string) {
  return Object.hasOwn(metadata, name) ? metadata[name][0] : undefined
}
