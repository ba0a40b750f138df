import assert from 'node:assert/strict'
import type { OperatorFunction } from 'rxjs'
import type { Batch, Block, Context } from '../../../sdk/plugin/index.ts'
import {
  ProcessorHarness,
  type ProcessorHarnessOptions,
  type TestContext,
  testContext
} from '../../../sdk/plugin/testing.ts'
import { parseItems, printItems } from '../../cases/items.ts'

export type MakeOperator = (context: Context) => OperatorFunction<Batch, Batch>

export interface OperatorRunOptions extends Pick<ProcessorHarnessOptions, 'downstream'> {
  readonly context?: TestContext
}

/** An operator in its stage, given batches of events that are told by their names. Open its harness before the first. */
export class OperatorRun {
  readonly context: TestContext
  readonly harness: ProcessorHarness
  /** `a,b acked`, in the order in which batches were settled. */
  readonly outcomes: string[] = []

  constructor(make: MakeOperator, { context = testContext(), downstream }: OperatorRunOptions = {}) {
    this.context = context
    this.harness = new ProcessorHarness({ operator: () => make(context) }, context, { downstream })
  }

  /** Sends a batch of an event for each name; its attribute `t` is the name's first letter. */
  send(...names: string[]): void {
    const items = names.map(name => `0s event ${name} {t: ${name[0]}}`)
    void this.harness
      .send(parseItems(items, this.context.series))
      .then(({ status }) => this.outcomes.push(`${names.join()} ${status}`))
  }

  /** Names of the events of each batch that came out. */
  get out(): string[] {
    return this.harness.sent.map(({ block }) => namesOf(block))
  }

  assertSettled(): void {
    const { settlements, heldCredits, account } = this.context
    assert.deepEqual([settlements.size, heldCredits.used, account.inFlight, account.imbalance], [0, 0, 0, 0])
  }
}

/** `a,b` */
export const namesOf = (block: Block) =>
  printItems(block)
    .map(line => line.split(' ')[2])
    .join()
