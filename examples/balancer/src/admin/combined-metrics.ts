import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client'
import type { WorkerProcesses } from '../workers/worker-processes.ts'

/** How the values of several workers are combined into one, for metrics of which the sum has no meaning. */
export const AGGREGATORS: Readonly<Record<string, 'min' | 'max' | 'average'>> = {
  kitsune_balancer_full: 'max',
  kitsune_router_members: 'max',
  kitsune_router_member_up: 'min',
  kitsune_router_member_draining: 'max',
  kitsune_router_member_ejected: 'max',
  kitsune_router_member_latency_seconds: 'average',
  kitsune_preload_redis_up: 'min',
  kitsune_preload_processes: 'max'
}

/** Metrics about the worker processes, which only the primary knows. */
export function workerMetrics (workers: Pick<WorkerProcesses, 'listening' | 'deaths'>): Registry {
  const registry = new Registry()
  registry.registerMetric(new Gauge({ name: 'kitsune_balancer_workers', help: 'Workers that listen', registers: [], collect () { this.set(workers.listening.length) } }))
  registry.registerMetric(new Counter({
    name: 'kitsune_balancer_worker_deaths_total',
    help: 'Workers that have ended without being told to',
    registers: [],
    collect () {
      this.reset()
      this.inc(workers.deaths)
    }
  }))

  return registry
}

/** Creates one registry with the metrics of several workers. */
export function combineMetrics (workers: ReadonlyArray<readonly object[]>): Registry {
  const named = workers.map(metrics => metrics.map(metric => {
    const { name = '' }: { readonly name?: string } = metric

    return { ...metric, ...(name in AGGREGATORS ? { aggregator: AGGREGATORS[name] } : {}) }
  }))

  return AggregatorRegistry.aggregate(named)
}
