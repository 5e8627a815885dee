import { prometheusMetrics } from '@libp2p/prometheus-metrics'
import { Counter, Gauge, register } from 'prom-client'
import type { CapacityStatus } from '../hosts/capacity.ts'
import type { ComponentLogger, Metrics } from '@libp2p/interface'
import type { Metric, Registry } from 'prom-client'

/**
 * libp2p's `Metrics` over a registry of one's own, to which the process's
 * metrics are added, too.
 *
 * They are for the router and not for libp2p, which would wrap every stream and
 * connection to count what the router counts by itself.
 *
 * Whoever they are for must register its metrics in the same turn:
 * prometheusMetrics keeps those of the whole process in one map, which it
 * clears for each newcomer, so that a second balancer does not get the first
 * one's. It also clears prom-client's global registry, which is put right here.
 */
export function createMetrics (registry: Registry, logger: ComponentLogger): Metrics {
  const global = register.getMetricsAsArray()
  const metrics = prometheusMetrics({ registry })({ logger })

  for (const metric of global) {
    register.registerMetric(metric as unknown as Metric)
  }

  return metrics
}

/** Adds to a registry how many clients are connected, and what became of those that were too many. */
export function capacityMetrics (registry: Registry, read: () => CapacityStatus): void {
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

  gauge('connections', 'Connections that clients have opened', ({ open }) => open)
  gauge('max_connections', 'Connections that clients may have opened', ({ max }) => max)
  gauge('full', '1 while as many connections are open as may be', ({ full }) => full ? 1 : 0)
  counter('evicted_connections', 'Connections of idle clients that gave way to newcomers', ({ evicted }) => evicted)
  counter('refused_connections', 'Connections refused since all places were taken and nobody was idle', ({ refused }) => refused)
}
