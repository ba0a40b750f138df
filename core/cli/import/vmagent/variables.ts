/** `%{NAME}` is a variable in vmagent's files; `$` is none. */
export function withVariables(text: string): string {
  return text.replaceAll(/\$(?=[${])/g, '$$$$').replaceAll(/%\{(\w+)\}/g, '${env:$1}')
}
