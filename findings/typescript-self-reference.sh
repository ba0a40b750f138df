#!/usr/bin/env bash
# typescript 6.0.2 and 7.0.2 (npm), the compiler, with the targets ES2022 to ES2025.
#
# A class has a static field that is an instance of the class itself, and a private method (#name) that names the class.
# Both compilers replace the name by a variable that they set after the class. The static field is made before that, so
# the compiled module throws a TypeError when it is loaded. There is no error or warning. With the target
# ESNext the class stays as it is, and so it does when Node strips the types.
#
# Who is hurt: whoever develops by stripping types, as Node does, and compiles for publishing. All tests pass, and the
# package does not load.
#
# Needs: Node 22 or later with npm.
set -euo pipefail

folder=$(mktemp -d)
finish() { rm -rf "$folder"; }
trap finish EXIT
cd "$folder"

cat >package.json <<'JSON'
{ "private": true, "type": "module" }
JSON
npm install --no-audit --no-fund --silent seven@npm:typescript@7.0.2 six@npm:typescript@6.0.2

cat >list.ts <<'TS'
export class List {
  static readonly EMPTY = new List(0)
  readonly length: number
  constructor(length: number) {
    this.length = length
  }
  shorter(): List {
    return this.#of(this.length - 1)
  }
  #of(length: number): List {
    return length <= 0 ? List.EMPTY : new List(length)
  }
}
TS

load() { node --input-type=module --eval "try { const { List } = await import('$1'); console.log(new List(3).shorter().length) } catch (error) { console.log(error.name) }"; }
seen=$(
  for compiler in six seven; do
    for target in ES2022 ES2025 ESNext; do
      node "node_modules/$compiler/bin/tsc" --target "$target" --module nodenext --strict --outDir "$compiler-$target" list.ts
      echo "$compiler $target: $(load "$folder/$compiler-$target/list.js")"
    done
  done
)
echo "$seen"

# Seen on 2026-11-29:
expected='six ES2022: TypeError
six ES2025: TypeError
six ESNext: 2
seven ES2022: TypeError
seven ES2025: TypeError
seven ESNext: 2'
[ "$seen" = "$expected" ] || { echo 'this has changed' >&2; exit 1; }
