#!/usr/bin/env bash
# vmagent 1.151.0 (github.com/VictoriaMetrics/VictoriaMetrics), a sender of Prometheus remote write.
#
# It sends zstd first. A receiver that answers 400 to one zstd request, to say that a sample in it is bad, gets the very
# same samples again with snappy, and snappy from then on. By the specification of remote write a 400 must not be sent
# again: https://prometheus.io/docs/specs/prw/remote_write_spec/#retries--backoff. vmagent logs
# nothing about it.
#
# Who is hurt: a receiver that keeps the good samples of a partly bad request and answers 400, as the specification
# wants it to. It gets the good samples twice; where they are added up they count twice.
#
# Needs: Go 1.24 or later, Node 20 or later, curl.
set -euo pipefail

folder=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  chmod -R u+w "$folder" && rm -rf "$folder"
}
trap finish EXIT

export GOPATH="$folder/go" GOCACHE="$folder/cache"
GOBIN="$folder" go install github.com/VictoriaMetrics/VictoriaMetrics/app/vmagent@v1.151.0

# Answers 400 to zstd and 204 to snappy, and prints the encoding of each request.
cat >"$folder/receiver.mjs" <<'JS'
import { createServer } from 'node:http'
import { writeFileSync } from 'node:fs'
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    const encoding = request.headers['content-encoding']
    console.log(encoding)
    response.writeHead(encoding === 'zstd' ? 400 : 204).end()
  })
})
server.listen(0, '127.0.0.1', () => writeFileSync(process.argv[2], String(server.address().port)))
JS
node "$folder/receiver.mjs" "$folder/port" >"$folder/requests" &
pids+=($!)
until [ -s "$folder/port" ]; do sleep 0.1; done

free_port() { node -e "const s=require('net').createServer().listen(0,'127.0.0.1',()=>{console.log(s.address().port);s.close()})"; }
input=$(free_port)
"$folder/vmagent" "-remoteWrite.url=http://127.0.0.1:$(cat "$folder/port")/api/v1/write" \
  "-remoteWrite.tmpDataPath=$folder/queue" "-httpListenAddr=127.0.0.1:$input" 2>"$folder/log" &
pids+=($!)
until curl -sf "http://127.0.0.1:$input/health" >/dev/null; do sleep 0.2; done

requests() { wc -l <"$folder/requests"; }
await() { for _ in $(seq 100); do if [ "$(requests)" -ge "$1" ]; then return; fi; sleep 0.1; done; }
# One sample is one request: the first comes twice.
curl -sf -d 'sent{sample="first"} 1' "http://127.0.0.1:$input/api/v1/import/prometheus"
await 2
curl -sf -d 'sent{sample="second"} 2' "http://127.0.0.1:$input/api/v1/import/prometheus"
await 3

echo 'requests for two samples sent, by encoding:'
cat "$folder/requests"
echo "lines of its log about a refused request: $(grep -ci 'zstd\|snappy\|status code 400' "$folder/log" || true)"
# Output seen:
#   requests for two samples sent, by encoding:
#   zstd
#   snappy
#   snappy
#   lines of its log about a refused request: 0
[ "$(tr '\n' ' ' <"$folder/requests")" = 'zstd snappy snappy ' ] || { echo 'this has changed' >&2; exit 1; }
