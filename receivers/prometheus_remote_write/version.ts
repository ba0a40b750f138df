import type { IncomingHttpHeaders } from 'node:http'
import { RequestError } from '../../core/http/request-error.ts'
import type { RemoteWriteVersion } from '../../core/wire/remote-write/time-series.ts'

const MEDIA_TYPE = 'application/x-protobuf'
const SECOND_MESSAGE = 'io.prometheus.write.v2.Request'
/** The messages that `proto` may name. */
const MESSAGES: ReadonlyMap<string, RemoteWriteVersion> = new Map([
  ['prometheus.WriteRequest', '1.0'],
  [SECOND_MESSAGE, '2.0']
])

/** The version that `content-type` names. It is 1.0 without a type or a message. Throws {@link RequestError} 415. */
export function versionOf(headers: IncomingHttpHeaders): RemoteWriteVersion {
  const header = headers['content-type']
  if (header === undefined) return '1.0'
  const [type, ...parameters] = header.split(';').map(part => part.trim())
  const proto = parameters.find(parameter => parameter.toLowerCase().startsWith('proto='))?.slice('proto='.length)
  const version = proto === undefined ? '1.0' : MESSAGES.get(proto.replaceAll('"', ''))
  if (type.toLowerCase() === MEDIA_TYPE && version !== undefined) return version
  const messages = [...MESSAGES.keys()].join(' or ')
  throw new RequestError(
    415,
    `content-type ${header} is not remote write: send ${MEDIA_TYPE}, with proto=${messages} if a message is named`
  )
}

/** True for a sender that reads the counts of 2.0, whatever is wrong with its request. */
export const namesSecond = (headers: IncomingHttpHeaders) => headers['content-type']?.includes(SECOND_MESSAGE) === true
