import { prometheusMetrics } from '@libp2p/prometheus-metrics'
import { Counter, Gauge, register } from 'prom-client'
import { createHistograms } from './histograms.ts'
import type { CapacityStatus } from '@kitsune/host'
import type { ComponentLogger, Metrics } from '@libp2p/interface'
import type { Metric, Registry } from 'prom-client'

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
