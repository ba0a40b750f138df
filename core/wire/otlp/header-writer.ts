import { NO_RESOURCE, NO_SCOPE, type Resource, type Scope } from '../../model/series.ts'
import { writeKeyValue } from '../../model/series-table/attribute-bytes.ts'
import type { ProtobufWriter } from '../protobuf/writer.ts'

// Resource: attributes 1. InstrumentationScope: name 1, version 2, attributes 3. ResourceMetrics, ResourceLogs,
// ScopeMetrics and ScopeLogs: resource or scope 1, schema_url 3.

/** The fields of a ResourceMetrics or ResourceLogs that are not its scopes. */
export function writeResource(writer: ProtobufWriter, { attributes, schemaUrl }: Resource = NO_RESOURCE): void {
  writer.nested(1, () => {
    for (const [key, value] of attributes) writer.nested(1, () => writeKeyValue(writer, key, value))
  })
  if (schemaUrl !== '') writer.string(3, schemaUrl)
}

/** The fields of a ScopeMetrics or ScopeLogs that are not its items. */
export function writeScope(writer: ProtobufWriter, { name, version, attributes, schemaUrl }: Scope = NO_SCOPE): void {
  writer.nested(1, () => {
    if (name !== '') writer.string(1, name)
    if (version !== '') writer.string(2, version)
    for (const [key, value] of attributes) writer.nested(3, () => writeKeyValue(writer, key, value))
  })
  if (schemaUrl !== '') writer.string(3, schemaUrl)
}
