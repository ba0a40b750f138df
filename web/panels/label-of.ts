/** The value of a label; an absent one is empty, also if all objects have something of its name. */
export function labelOf(labels: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(labels, name) ? labels[name] : ''
}
