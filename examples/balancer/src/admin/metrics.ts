import { prometheusMetrics } from '@libp2p/prometheus-metrics'
import { register } from 'prom-client'
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
