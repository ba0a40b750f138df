import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync
} from 'node:fs'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { describeError, WeirError } from '../../errors.ts'
import type { Topology } from '../graph/topology.ts'
import type { StateBackend } from '../service/lifecycle.ts'

// File: magic, CRC-32 of the rest (uint32 LE), the component's bytes.
const MAGIC = Buffer.from('WEIRST01')
const HEADER_BYTES = MAGIC.length + 4

/** They take the place of a pipeline. No pipeline is called so. */
const RECEIVERS = '/receivers'
const EXPORTERS = '/exporters'

/**
 * Components' state between two runs, one file each. Written on a clean shutdown, used up by the next
 * start.
 */
export class StateFiles {
  #folder: string

  /** @param stateDir `service.state_dir` */
  constructor(stateDir: string) {
    this.#folder = path.join(stateDir, 'processors')
  }

  /** The bytes {@link write} was given, or undefined. Throws `STATE_INVALID` if the file is damaged. */
  read(pipeline: string, processor: string): Uint8Array | undefined {
    const file = this.fileOf(pipeline, processor)
    if (!existsSync(file)) return undefined
    const bytes = readFileSync(file)
    const state = bytes.subarray(HEADER_BYTES)
    if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
      throw invalid(file, 'it is not a state file')
    if (bytes.readUInt32LE(MAGIC.length) !== crc32(state)) throw invalid(file, 'its checksum does not match')
    return state
  }

  /** On disk when it returns: written beside, synced and renamed. */
  write(pipeline: string, processor: string, state: Uint8Array): void {
    const file = this.fileOf(pipeline, processor)
    mkdirSync(path.dirname(file), { recursive: true })
    const header = Buffer.alloc(HEADER_BYTES)
    MAGIC.copy(header)
    header.writeUInt32LE(crc32(state), MAGIC.length)
    const beside = `${file}.tmp`
    const fd = openSync(beside, 'w')
    for (const part of [header, state]) for (let at = 0; at < part.length; ) at += writeSync(fd, part, at)
    fsyncSync(fd)
    closeSync(fd)
    renameSync(beside, file)
    syncFolder(path.dirname(file))
  }

  remove(pipeline: string, processor: string): void {
    rmSync(this.fileOf(pipeline, processor), { force: true })
  }

  /** Forgets everything. */
  discard(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  fileOf(pipeline: string, processor: string): string {
    return path.join(this.#folder, encodeURIComponent(pipeline), `${encodeURIComponent(processor)}.state`)
  }
}

/**
 * Delivery level `memory`: state is written at a clean stop and used up by the next start. A state kept longer would
 * bring back, after a later crash, data that has been sent in the meantime.
 */
export function stateInFiles(store: StateFiles, topology: Topology): StateBackend {
  const stateful = () =>
    [
      ...topology.receivers.map(({ component, receiver }) => ({ component, part: receiver, pipeline: RECEIVERS })),
      ...topology.pipelines.flatMap(({ name, processors }) =>
        processors.map(({ component, processor }) => ({ component, part: processor, pipeline: name }))
      ),
      ...topology.exporters.map(({ component, exporter }) => ({ component, part: exporter, pipeline: EXPORTERS }))
    ].filter(({ part }) => part.snapshot !== undefined && part.restore !== undefined)
  return {
    async restore() {
      for (const { component, part, pipeline } of stateful()) {
        const state = store.read(pipeline, component.id)
        if (state === undefined) continue
        try {
          part.restore!(state)
        } catch (error) {
          throw invalid(store.fileOf(pipeline, component.id), describeError(error))
        }
        component.log.info({ bytes: state.length }, 'state restored')
      }
    },
    async begin() {},
    async ready() {
      for (const { component, pipeline } of stateful()) store.remove(pipeline, component.id)
    },
    async hold() {},
    release() {},
    reloaded: async () => true,
    // Sending queues have no disk, so nothing waits there.
    checkpoint: async () => true,
    async save() {
      let saved = true
      for (const { component, part, pipeline } of stateful()) {
        try {
          store.write(pipeline, component.id, part.snapshot!())
        } catch (error) {
          saved = false
          component.log.error({ err: describeError(error) }, 'could not save its state, which is lost')
        }
      }
      return saved
    }
  }
}

function invalid(file: string, why: string): WeirError {
  return new WeirError(
    'STATE_INVALID',
    `cannot restore ${file}: ${why}; restore it from a copy, or start with --discard-state`
  )
}

// A rename is durable once the folder is.
function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  fsyncSync(fd)
  closeSync(fd)
}
