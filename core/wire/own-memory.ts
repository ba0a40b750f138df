/** Node gives smaller buffers parts of memory that they share. Its size is a little more than this says. */
export const MOST_SHARED = 2 * Buffer.poolSize
/** Of less, the garbage collector makes no more work than this does. */
const LEAST_BYTES = 16 * 1024
/** The prefix of a gRPC message before it, or the byte that zlib has to spare behind it. */
export const BESIDE_BODY = 7
/** Nothing is beside bytes that are all of a read. */
export const BESIDE_READ = 0

/**
 * Gives the memory of bytes back at once, to be used for the next ones. The garbage collector would let many megabytes of
 * it gather first, and mark the whole heap then. All views of it are empty from now on.
 *
 * @param bytes of memory that was made for them, and is the caller's
 */
export function giveBack({ buffer }: Buffer): void {
  if (buffer.byteLength > MOST_SHARED) discard(buffer)
}

/**
 * The same for bytes that may be a part of others' memory: then it stays.
 *
 * @param beside bytes of that memory that may be theirs too, without their being in `bytes`. For what a socket read it is
 * none: Node makes slices of a read for HTTP/2, and hands them out before it has read on. So even a few bytes behind one
 * may be the begin of the next frame.
 */
export function giveBackIfAlone({ buffer, length }: Buffer, beside: number): void {
  if (length >= LEAST_BYTES && buffer.byteLength - length <= beside) discard(buffer)
}

const discard = (memory: ArrayBufferLike) => void (memory as ArrayBuffer).transfer(0)
