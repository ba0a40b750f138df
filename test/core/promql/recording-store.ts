import { MemoryStore } from '../../../core/promql/memory-store.ts'
import type { SelectedSeries, SelectRequest } from '../../../core/promql/sample-store.ts'

/** A store for tests of what the engine asks for. */
export class RecordingStore extends MemoryStore {
  readonly requests: SelectRequest[] = []

  override select(request: SelectRequest): Promise<SelectedSeries[]> {
    this.requests.push(request)
    return super.select(request)
  }
}
