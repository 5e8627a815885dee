import { Counter, Gauge } from 'prom-client'
import type { RefsEnd, RegistryStatus, RemoteEnd } from '@kitsune/preload'
import type { Registry } from 'prom-client'

/** The numbers that are read whenever the metrics are requested. */
export interface PreloadLoad {
  readonly running: number
  readonly queued: number
  readonly remote: number
  readonly linkBytes: number
}

interface PreloadMetrics {
  ended (end: RefsEnd): void
  remoteEnded (end: RemoteEnd): void
  watch (read: () => PreloadLoad): void
}

const OUTCOMES = ['complete', 'refused', 'left', 'failed'] as const

/** Registers the metrics of preload. */
export function createPreloadMetrics (registry: Registry): PreloadMetrics {
  const counter = <T extends string>(name: string, help: string, labelNames: T[] = []): Counter<T> => new Counter({ name: `kitsune_preload_${name}_total`, help, labelNames, registers: [registry] })
  const requests = counter('requests', 'Requests for refs that have ended', ['outcome'])
  const blocks = counter('blocks', 'Blocks that clients have sent for requests')
  const bytes = counter('bytes', 'Bytes of blocks that clients have sent for requests')

  for (const outcome of OUTCOMES) {
    requests.inc({ outcome }, 0)
  }

  return {
    ended (end) {
      requests.inc({ outcome: end.outcome })
      blocks.inc(end.blocks)
      bytes.inc(end.bytes)
    },

    remoteEnded (end) {
      blocks.inc(end.blocks)
      bytes.inc(end.bytes)
    },

    watch (read) {
      const gauge = (name: string, help: string, value: (load: PreloadLoad) => number): void => {
        registry.registerMetric(new Gauge({ name: `kitsune_preload_${name}`, help, registers: [], collect () { this.set(value(read())) } }))
      }

      gauge('running', 'Requests for refs that are being carried out', ({ running }) => running)
      gauge('queued', 'Requests for refs that wait for others', ({ queued }) => queued)
      gauge('remote', 'Requests of other processes whose clients are connected here', ({ remote }) => remote)
      gauge('link_bytes', 'Memory for what open requests admit', ({ linkBytes }) => linkBytes)
    }
  }
}

/** Registers the metrics of the registry that connects several balancers. */
export function registerRegistryMetrics (registry: Registry, read: () => RegistryStatus): void {
  const gauge = (name: string, help: string, value: (status: RegistryStatus) => number): void => {
    registry.registerMetric(new Gauge({ name: `kitsune_preload_${name}`, help, registers: [], collect () { this.set(value(read())) } }))
  }

  gauge('redis_up', '1 while Redis answers', ({ connected }) => connected ? 1 : 0)
  gauge('processes', 'Other processes that share the identity', ({ processes }) => processes)
}
