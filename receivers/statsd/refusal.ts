import type { ItemFlaw } from '../../sdk/plugin/index.ts'

/** Why a line was not taken; the ledger's reasons. */
export type Refusal =
  | ItemFlaw
  | 'empty_datagram'
  | 'missing_name'
  | 'missing_value'
  | 'missing_type'
  | 'unknown_type'
  | 'invalid_value'
  | 'invalid_rate'
  | 'invalid_timestamp'
  | 'too_long'
  | 'cut_off'
  | 'client_telemetry'
  | 'invalid_event'
  | 'invalid_service_check'
