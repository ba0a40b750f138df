// The thread that reads UDP sockets into a ring: datagrams wait there while the thread of the receiver is busy. The
// kernel has room for few.
import { parentPort, workerData } from 'node:worker_threads'
import { BATCH_DATAGRAMS, DatagramBatch } from './datagram-batch.ts'
import { type RingMemory, RingWriter } from './datagram-ring.ts'
import { loadLibc } from './libc.ts'
import { PollSet } from './poll-set.ts'

/** Reads in a row that find nothing, before the kernel is asked to tell of the next datagram. */
const EMPTY_READS = 50
/** A wait ends when the sockets are shut down. A process that exits without that waits for its end. */
const WAIT_MS = 250
const FULL_MS = 1

export interface UdpReaderData {
  readonly fds: readonly number[]
  readonly ring: RingMemory
  /** Milliseconds after a read, in which datagrams gather in the kernel: a turn costs as much as some datagrams. */
  readonly restMs: number
}

const { fds, ring, restMs } = workerData as UdpReaderData
const libc = await loadLibc()
const batch = new DatagramBatch(libc)
const polls = new PollSet(libc, fds)
const writer = new RingWriter(ring)
parentPort!.postMessage('ready')

for (let empty = 0; ; ) {
  const isStopped = writer.isStopped
  let read = 0
  for (const fd of fds) read += readSocket(fd)
  if (isStopped) break
  empty = read === 0 ? empty + 1 : 0
  if (empty < EMPTY_READS) writer.sleep(restMs)
  else {
    polls.block(WAIT_MS)
    empty = 0
  }
}

/** Returns the number of datagrams that had come. */
function readSocket(fd: number): number {
  let read = 0
  for (let count = BATCH_DATAGRAMS; count === BATCH_DATAGRAMS; read += count) {
    count = batch.read(fd)
    for (let i = 0; i < count; i++) write(batch.startOf(i), batch.lengthOf(i))
    if (count > 0) writer.publish()
  }
  return read
}

function write(start: number, length: number): void {
  while (!writer.write(batch.bytes, start, start + length)) {
    writer.publish()
    writer.waitForRoom(FULL_MS)
  }
}
