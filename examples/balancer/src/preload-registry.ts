import { REDIS_OPTIONS, createRegistry, redisBus } from '@kitsune/preload'
import { Redis } from 'ioredis'
import { registerRegistryMetrics } from './admin/preload-metrics.ts'
import { oneLine } from './config/layers.ts'
import type { RedisConfig } from './config/redis.ts'
import type { Log } from './log/log.ts'
import type { Registry as PreloadRegistry } from '@kitsune/preload'
import type { Registry } from 'prom-client'

/** How the processes that share the public identity find each other's preload requests. */
export interface RegistryInit {
  readonly config: RedisConfig
  /** The public identity, which the other processes share. */
  readonly peerId: string
  readonly registry: Registry
  readonly log: Log
}

/** The registry of open requests over Redis. */
export interface RunningRegistry {
  readonly requests: PreloadRegistry
  /** Why other processes cannot be reached; undefined if they can. */
  readonly problem: string | undefined
  stop (): void
}

/** Starts the registry. The balancer does not wait for Redis: until Redis answers, it only finds its own clients. */
export function startRegistry ({ config, peerId, registry, log }: RegistryInit): RunningRegistry {
  let lastError: Error | undefined
  const bus = redisBus({
    connect: () => new Redis(config.url.reveal(), REDIS_OPTIONS),
    onError: err => { lastError = err }
  })
  const requests = createRegistry({ bus, name: peerId })
  const problem = (): string => `Redis at ${config.address} does not answer${lastError == null ? '' : ` (${oneLine(lastError)})`}`

  requests.onChange(({ connected }) => {
    if (connected) {
      lastError = undefined
      log.info(`Redis at ${config.address} answers: preload requests find clients of other processes`, { event: 'redis-up', redis: config.address })
    } else {
      log.warn(`${problem()}: preload requests only find clients that are connected to this process`, { event: 'redis-down', redis: config.address, reason: lastError?.message })
    }
  })
  registerRegistryMetrics(registry, () => requests.status())

  return {
    requests,
    get problem () { return requests.status().connected ? undefined : problem() },
    stop () {
      requests.stop()
      bus.stop()
    }
  }
}
