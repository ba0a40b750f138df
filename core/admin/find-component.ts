import type { Request } from 'express'
import { RequestError } from '../http/request-error.ts'
import type { Component } from '../pipeline/graph/component.ts'
import type { BuiltService } from '../pipeline/service/build.ts'

/**
 * The component that a request names by `component=<kind>/<id>`, and by `pipeline` if it is a processor of several.
 * Throws a {@link RequestError}.
 */
export function findComponent(query: Request['query'], { components }: BuiltService): Component {
  const { component: text, pipeline } = query
  if (typeof text !== 'string') throw new RequestError(400, 'component: give one, such as component=receiver/otlp')
  const named = components.filter(({ kind, id }) => `${kind}/${id}` === text)
  const found = pipeline === undefined ? named : named.filter(other => other.pipeline === pipeline)
  if (found.length === 1) return found[0]
  if (found.length > 1) {
    const pipelines = found.map(other => other.pipeline).join(', ')
    throw new RequestError(400, `pipeline: ${text} is part of several, choose one of ${pipelines}`)
  }
  const there = [...new Set((named.length > 0 ? named : components).map(nameOf))].join(', ')
  throw new RequestError(404, `component: there is no ${text}${inPipeline(pipeline)}; there are ${there}`)
}

const inPipeline = (pipeline: unknown) => (pipeline === undefined ? '' : ` in pipeline ${pipeline}`)

function nameOf({ kind, id, pipeline }: Component): string {
  return `${kind}/${id}${inPipeline(pipeline)}`
}
