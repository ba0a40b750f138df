#!/usr/bin/env bash
# Node.js 26.10.0 (npm package `node`), its test runner, node:test.
#
# A timeout of tests, `--test-timeout` or `run({ timeout })`, fails a test that hangs. It does not end the process of the
# file: if the test left a timer, a server or a socket open, the file goes on running, and so does the whole run. It has
# told the failure, and never exits. `run({ signal })` ends it, and `--test-force-exit` does.
#
# Who is hurt: a project that sets the timeout so that a test that hangs fails the CI job. The job is killed by the limit of
# the CI, hours later.
#
# Needs: Node 20 or later with npm, to install the one above.
set -euo pipefail

folder=$(mktemp -d)
finish() { rm -rf "$folder"; }
trap finish EXIT
cd "$folder"

cat >package.json <<'JSON'
{ "private": true, "type": "module" }
JSON
npm install --no-audit --no-fund --silent node@26.10.0
node=node_modules/node/bin/node

cat >hangs.test.js <<'JS'
import { test } from 'node:test'
test('hangs', async () => {
  setInterval(() => {}, 1000)
  await new Promise(() => {})
})
JS
cat >run.js <<'JS'
import { run } from 'node:test'
const begun = Date.now()
const tests = run({ files: ['hangs.test.js'], timeout: 500, signal: AbortSignal.timeout(6000) })
let failedAfter
for await (const { type, data } of tests)
  if (type === 'test:fail' && data.name === 'hangs') failedAfter = Date.now() - begun
console.log(`run({ timeout }): the test failed ${failedAfter < 4000 ? 'in time' : 'late'}`)
console.log(`run({ timeout }): the run ended ${Date.now() - begun < 5000 ? 'with it' : 'by its signal alone'}`)
JS

# How a command ended: by itself, or by `timeout`, whose status is 124.
ended() {
  local status=0
  timeout 6 "$@" >/dev/null 2>&1 || status=$?
  if [ $status = 124 ]; then echo 'did not end'; else echo 'ended'; fi
}

seen=$(
  "$node" run.js
  echo "--test-timeout: $(ended "$node" --test --test-timeout=500 hangs.test.js)"
  echo "--test-timeout --test-force-exit: $(ended "$node" --test --test-timeout=500 --test-force-exit hangs.test.js)"
)
echo "$seen"

# Seen on 2026-11-30:
expected='run({ timeout }): the test failed in time
run({ timeout }): the run ended by its signal alone
--test-timeout: did not end
--test-timeout --test-force-exit: ended'
[ "$seen" = "$expected" ] || { echo 'this has changed' >&2; exit 1; }
