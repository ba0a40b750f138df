#!/usr/bin/env bash
# ClickHouse 26.7.2.1 (in chdb 3.4.0): `groupArray` of a column that is stored as sparse loses the order of rows.
#
# A column of mostly zeros is stored as sparse. If all rows of a block are of one group, `groupArray` gives the values that
# are no zeros first, and then the zeros. Arrays of several columns in one query no longer match each other: below, the
# flag of the row of time 7 stands at time 5. `materialize(…)` around the column helps.
#
# Who is hurt: queries that make arrays of times and values of one series, when the values are mostly zero.
#
# Needs: Node 20 or later, npm, 600 MB for the package chdb (Linux with glibc, or macOS).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" chdb@3.4.0

cat >"$folder/sparse.mjs" <<'JS'
import { Session } from 'chdb'
const session = new Session(process.argv[2])
const ask = async sql => (await session.queryAsync(sql, { format: 'TSV' })).text().trim()
await ask('CREATE DATABASE d')
await ask('CREATE TABLE d.t (id UInt64, time UInt32, flags UInt8) ENGINE = MergeTree ORDER BY (id, time)')
await ask('INSERT INTO d.t SELECT 1, number, number % 50 = 7 FROM numbers(1000)')
const from = 'FROM d.t WHERE time BETWEEN 5 AND 9 GROUP BY id'
console.log('as it is:     ', await ask(`SELECT groupArray(time), groupArray(flags) ${from}`))
console.log('materialized: ', await ask(`SELECT groupArray(time), groupArray(materialize(flags)) ${from}`))
session.close()
JS
(cd "$folder" && node sparse.mjs "$folder/data")
# as it is:      [5,6,7,8,9]  [1,0,0,0,0]
# materialized:  [5,6,7,8,9]  [0,0,1,0,0]
