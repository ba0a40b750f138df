import pino from 'pino'
import type { ComponentConfig } from '../../config/resolved.ts'
import type { Processor } from '../../plugin/contract.ts'
import { Metrics } from '../../telemetry/metrics.ts'
import { Component } from './component.ts'
import type { Services } from './services.ts'

/** A processor that is made to be looked at, and never runs: nothing of it is seen anywhere. */
export function trialOf({ id, plugin, config }: ComponentConfig, services: Services): Processor {
  const nowhere: Services = {
    ...services,
    metrics: new Metrics(),
    routes: new Map(),
    sites: new Map(),
    reports: new Set(),
    announcements: []
  }
  const component = new Component('processor', id, undefined, pino({ level: 'silent' }))
  return plugin.create(config, component.context(nowhere)) as Processor
}
