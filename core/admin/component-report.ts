import type { Component } from '../pipeline/graph/component.ts'
import type { Topology } from '../pipeline/graph/topology.ts'
import type { SendingQueue } from '../pipeline/sending-queue/sending-queue.ts'
import type { Inspectable, StateFigures } from '../plugin/inspection.ts'
import type { Account } from '../telemetry/account.ts'

/** The books of a component, or a tenant's part of them. */
export interface AccountReport
  extends Readonly<
    Record<'received' | 'produced' | 'sent' | 'absorbed' | 'refused' | 'inFlight' | 'imbalance', number>
  > {
  readonly dropped: Readonly<Record<string, number>>
}

/** A component, as the status shows it. */
export interface ComponentReport {
  readonly kind: string
  readonly id: string
  readonly pipeline: string | undefined
  readonly state: string
  readonly reason: string | undefined
  readonly account: AccountReport
  /** Of an exporter. */
  readonly queue: QueueReport | undefined
  /** The part of the queue that is on disk. Undefined without a disk. */
  readonly diskBuffer: { readonly usedBytes: number; readonly capacityBytes: number } | undefined
  /**
   * Age of the newest item in event time: of those that a receiver took, or that a backend has. Undefined before the
   * first.
   */
  readonly newestItemSeconds: number | undefined
  /** How far the event time up to which everything is counted is behind the clock. */
  readonly watermarkLagSeconds: number | undefined
  /** What it remembers. Undefined for components that tell nothing. */
  readonly memory: Pick<StateFigures, 'entries' | 'bytes'> | undefined
}

/** The batches that wait for a backend. */
export interface QueueReport {
  /** In memory. */
  readonly usedBytes: number
  readonly capacityBytes: number
  /** Points and events that wait or are being sent. Those that an earlier run left on disk count once they are read. */
  readonly items: number
  /** Time that the oldest batch has waited. Undefined if none waits. */
  readonly oldestSeconds: number | undefined
}

/** The object that a component runs. Undefined for the journal. */
function instanceOf(
  component: Component,
  { receivers, pipelines, exporters, extensions }: Topology
): Inspectable | undefined {
  const processors = pipelines.flatMap(pipeline => pipeline.processors)
  const is = (built: { readonly component: Component }) => built.component === component
  return (
    receivers.find(is)?.receiver ??
    processors.find(is)?.processor ??
    exporters.find(is)?.exporter ??
    extensions.find(is)?.extension
  )
}

/**
 * @param hide takes secrets out of a text
 * @param now Unix ms
 */
export function componentReport(
  component: Component,
  topology: Topology,
  hide: (text: string) => string,
  now: number
): ComponentReport {
  const { kind, id, pipeline, state, reason, edges } = component
  const sendingQueue = topology.exporters.find(exporter => exporter.component === component)?.sendingQueue
  const figures = figuresOf(component, topology)
  const { newest } = edges.sent
  return {
    kind,
    id,
    pipeline,
    state,
    reason: reason && hide(reason),
    account: accountReport(component.account),
    queue: sendingQueue && queueReport(sendingQueue, component, now),
    diskBuffer: sendingQueue?.position && {
      usedBytes: sendingQueue.diskBufferBytes,
      capacityBytes: sendingQueue.diskBufferCapacityBytes
    },
    newestItemSeconds: newest === 0 ? undefined : (now - newest) / 1000,
    watermarkLagSeconds: figures?.watermark === undefined ? undefined : (now - figures.watermark) / 1000,
    memory: figures && { entries: figures.entries, bytes: figures.bytes }
  }
}

/** Those of a plugin that fails to tell are left out: the status is needed all the more. */
function figuresOf(component: Component, topology: Topology): StateFigures | undefined {
  try {
    return instanceOf(component, topology)?.figures?.()
  } catch {
    return undefined
  }
}

export function accountReport(account: Account): AccountReport {
  const { received, produced, sent, absorbed, refused, inFlight, imbalance } = account
  const dropped = Object.fromEntries(account.dropped)
  return { received, produced, sent, absorbed, refused, inFlight, imbalance, dropped }
}

function queueReport({ queuedBytes, capacityBytes, oldest }: SendingQueue, { account }: Component, now: number) {
  return {
    usedBytes: queuedBytes,
    capacityBytes,
    items: account.inFlight,
    oldestSeconds: oldest === undefined ? undefined : (now - oldest) / 1000
  }
}
