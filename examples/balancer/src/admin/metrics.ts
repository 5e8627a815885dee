import { prometheusMetrics } from '@libp2p/prometheus-metrics'
import { Counter, Gauge, register } from 'prom-client'
import { createHistograms } from './histograms.ts'
import type { Answered } from '../http/http-door.ts'
import type { CapacityStatus } from '@kitsune/host'
import type { HttpServerStatus } from '@kitsune/host/http'
import type { ComponentLogger, Metrics } from '@libp2p/interface'
import type { Metric, Registry } from 'prom-client'

const METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Creates libp2p's `Metrics` over a separate registry, and adds the process's
 * metrics to it.
 *
 * They are for the router and not for libp2p, which would wrap every stream and
 * connection to count what the router counts itself.
 *
 * The router must register its metrics in the same tick: prometheusMetrics keeps
 * the metrics of the whole process in one map and clears it at each call, so that
 * a second balancer does not get the metrics of the first. It also clears
 * prom-client's global registry, which this function restores.
 */
export function createMetrics (registry: Registry, logger: ComponentLogger): Metrics {
  const global = register.getMetricsAsArray()
  const metrics = prometheusMetrics({ registry })({ logger })

  for (const metric of global) {
    register.registerMetric(metric as unknown as Metric)
  }

  return Object.assign(metrics, createHistograms(registry))
}

/** Registers the number of requests over HTTP; the result counts one. */
export function registerHttpRequests (registry: Registry): Answered {
  const requests = new Counter({ name: 'kitsune_balancer_http_requests_total', help: 'Requests over HTTP for blocks and for provider records, by method and status', labelNames: ['kind', 'method', 'status'], registers: [] })
  registry.registerMetric(requests)

  return (kind, method, status) => { requests.inc({ kind, method: METHODS.has(method) ? method : 'other', status }) }
}

/** Registers the metrics of the HTTP servers. */
export function registerHttpMetrics (registry: Registry, read: () => HttpServerStatus): void {
  const gauge = (name: string, help: string, value: (status: HttpServerStatus) => number): void => {
    registry.registerMetric(new Gauge({ name: `kitsune_balancer_http_${name}`, help, registers: [], collect () { this.set(value(read())) } }))
  }

  gauge('connections', 'Connections over HTTP that are open', ({ connections }) => connections)
  gauge('unsent_bytes', 'Size of the HTTP answers that clients have not read yet', ({ unsent }) => unsent)
}

/** Registers the number of connected clients, and the numbers of evicted and refused ones. */
export function registerCapacityMetrics (registry: Registry, read: () => CapacityStatus): void {
  const gauge = (name: string, help: string, value: (status: CapacityStatus) => number): void => {
    registry.registerMetric(new Gauge({ name: `kitsune_balancer_${name}`, help, registers: [], collect () { this.set(value(read())) } }))
  }

  const counter = (name: string, help: string, value: (status: CapacityStatus) => number): void => {
    registry.registerMetric(new Counter({
      name: `kitsune_balancer_${name}_total`,
      help,
      registers: [],
      collect () {
        this.reset()
        this.inc(value(read()))
      }
    }))
  }

  gauge('connections', 'Connections that clients have open', ({ open }) => open)
  gauge('max_connections', 'Connections that clients may have open at the same time', ({ max }) => max)
  gauge('full', '1 while all places for connections are taken', ({ full }) => full ? 1 : 0)
  counter('evicted_connections', 'Connections of idle clients closed in favour of new clients', ({ evicted }) => evicted)
  counter('refused_connections', 'New connections refused because all places were taken and no client was idle', ({ refused }) => refused)
}
