#!/usr/bin/env bash
# @prometheus-io/lezer-promql 0.315.0 (npm), the grammar of PromQL for editors, with @lezer/lr 1.4.12.
#
# In PromQL a power binds more tightly than a sign: -1^2 is -(1^2), which is -1. Prometheus's own parser (module
# github.com/prometheus/prometheus v0.316.0) says so. The grammar reads the same text as (-1)^2 if the query begins with
# it, and as -(1^2) in `-1^2 == bool -1`. Both are trees without an error node.
#
# Who is hurt: a tool that evaluates, rewrites or explains queries by the trees of this grammar. It takes 1 for -1.
#
# Needs: Node 20 or later with npm, Go 1.25 or later.
set -euo pipefail

folder=$(mktemp -d)
finish() { chmod -R u+w "$folder" && rm -rf "$folder"; }
trap finish EXIT
cd "$folder"

cat >package.json <<'JSON'
{ "private": true, "type": "module" }
JSON
npm install --no-audit --no-fund --silent \
  @prometheus-io/lezer-promql@0.315.0 @lezer/lr@1.4.12 @lezer/common@1.5.5 @lezer/highlight@1.2.5
cat >grammar.js <<'JS'
import { parser } from '@prometheus-io/lezer-promql'
for (const query of process.argv.slice(2)) {
  const top = parser.parse(query).topNode.firstChild
  const left = top.name === 'BinaryExpr' && query.includes('==') ? top.firstChild : top
  console.log(`grammar     ${query.padEnd(16)} ${left.name === 'UnaryExpr' ? '-(1^2)' : '(-1)^2'}`)
}
JS

mkdir prometheus && cd prometheus
export GOPATH="$folder/go" GOCACHE="$folder/cache" GOFLAGS=-mod=mod GOTOOLCHAIN=auto
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/prometheus/prometheus/promql/parser"
)

func main() {
	for _, query := range os.Args[1:] {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
		if err != nil {
			panic(err)
		}
		if comparison, ok := expr.(*parser.BinaryExpr); ok && comparison.Op == parser.EQLC {
			expr = comparison.LHS
		}
		reading := "(-1)^2"
		if _, ok := expr.(*parser.UnaryExpr); ok {
			reading = "-(1^2)"
		}
		fmt.Printf("Prometheus  %-16s %s\n", query, reading)
	}
}
GO
go mod init example.org/readings >/dev/null 2>&1
go get github.com/prometheus/prometheus@v0.316.0 >/dev/null 2>&1
go build -o readings . 2>/dev/null
cd ..

queries=('-1^2' '-1^2 == bool -1')
seen=$(node grammar.js "${queries[@]}" && prometheus/readings "${queries[@]}")
echo "$seen"

# Seen on 2026-11-29:
expected='grammar     -1^2             (-1)^2
grammar     -1^2 == bool -1  -(1^2)
Prometheus  -1^2             -(1^2)
Prometheus  -1^2 == bool -1  -(1^2)'
[ "$seen" = "$expected" ] || { echo 'this has changed' >&2; exit 1; }
