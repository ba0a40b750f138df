// Loaded before each test file. Tables and columns lie outside of V8's heap. By default every 64 MiB of them have the
// whole heap marked: most of the time of property tests, which make a table for each run. core/main.ts sets the same.
import { setFlagsFromString } from 'node:v8'

setFlagsFromString('--external-memory-accounted-in-global-limit')
