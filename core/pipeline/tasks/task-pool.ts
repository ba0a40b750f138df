import { CreditPool } from '../../batch/credits.ts'
import { pipelinesBehind } from '../../config/partitioned.ts'
import type { ResolvedConfig } from '../../config/resolved.ts'
import { WeirError } from '../../errors.ts'
import type { TaskOptions, Tasks } from '../../plugin/tasks.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { Pipeline } from '../graph/pipeline.ts'
import type { Services } from '../graph/services.ts'
import type { Topology } from '../graph/topology.ts'
import { PartitionTask, type TaskHost } from './partition-task.ts'

/** Users see figures that are no older. */
const BOOK_MS = 200

interface Connected {
  config: ResolvedConfig
  readonly topology: Topology
  readonly services: Services
}

/** The tasks of all partitioned receivers. */
export class TaskPool {
  #service: Connected | undefined
  /** With the ids of their receivers. */
  readonly #open = new Map<PartitionTask, string>()
  #isBooking = false

  /** Call once, before anything starts. */
  connect({ services, ...service }: Connected): void {
    // Processors must not have to wait: tasks do, before they forward more.
    const outputBudget = new CreditPool(services.outputBudget.capacity, true)
    this.#service = { ...service, services: { ...services, outputBudget } }
  }

  /** Tasks that run. */
  get size(): number {
    return this.#open.size
  }

  /** Tasks of the pipelines behind a receiver. @param id of the receiver */
  of(id: string): Tasks {
    return { open: options => this.#openTask(id, options) }
  }

  /** Pipelines of the tasks that run now. @param id of the receiver */
  pipelinesOf(id: string): readonly Pipeline[] {
    return [...this.#open].flatMap(([task, receiver]) => (receiver === id ? task.pipelines : []))
  }

  /** Tasks that are opened from now on are made of `config`. */
  configure(config: ResolvedConfig): void {
    if (this.#service !== undefined) this.#service.config = config
  }

  async #openTask(id: string, options: TaskOptions): Promise<PartitionTask> {
    if (this.#service === undefined) throw new WeirError('COMPONENT_FAILED', 'there are no pipelines here')
    const names = pipelinesBehind(id, this.#service.config)
    const receiver = this.#service.topology.receivers.find(({ component }) => component.id === id)!.component
    const host: TaskHost = { ...this.#service, receiver, pipelineNames: names }
    const task = await PartitionTask.open(host, options, closed => this.#open.delete(closed))
    this.#open.set(task, id)
    if (!this.#isBooking) this.#bookFromTimeToTime(this.#service.services.clock)
    return task
  }

  #bookFromTimeToTime(clock: Clock): void {
    for (const task of this.#open.keys()) task.book()
    this.#isBooking = this.#open.size > 0
    if (this.#isBooking) clock.setTimer(BOOK_MS, () => this.#bookFromTimeToTime(clock))
  }
}
