import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'

// Measured with write requests of 10,000 samples with 12 labels (394 bytes a sample): level 1 makes 16 bytes a sample in
// 0.24 µs. Level 3, zstd's default, makes 17 bytes in 0.5 µs; level 6 makes 13 bytes in 1.8 µs.
const LEVEL = 1
// Most results are one chunk. Each chunk is one more task for the thread pool.
const CHUNK_BYTES = 256 * 1024

const compressInThreadPool = promisify(zstdCompress)

/**
 * A zstd frame. Its header has the size of `bytes`, so readers can refuse large ones before they decompress anything. The
 * thread pool makes it: in this thread a large write request takes several milliseconds. So `bytes` must stay as they are
 * until the promise settles.
 */
export function compress(bytes: Uint8Array): Promise<Uint8Array> {
  return compressInThreadPool(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL },
    pledgedSrcSize: bytes.length,
    chunkSize: CHUNK_BYTES
  })
}
