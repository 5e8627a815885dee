import { wantRouter } from '@kitsune/want-router'
import { Registry } from 'prom-client'
import { createMetrics } from './admin/metrics.ts'
import { startAdminServer } from './admin/server.ts'
import { loadStrategy } from './config/strategy.ts'
import { StartError } from './errors.ts'
import { createDownstreamHost } from './hosts/downstream-host.ts'
import { hashers } from './hosts/hashers.ts'
import { quietLogger } from './hosts/quiet-logger.ts'
import { createUpstreamHost } from './hosts/upstream-host.ts'
import { loadOrCreateKey } from './identity/key-file.ts'
import { startRecording } from './recording.ts'
import { targetOf } from './routing.ts'
import { NAME, version } from './version.ts'
import type { BalancerConfig } from './config/config.ts'
import type { WantRouter } from '@kitsune/want-router'
import type { ComponentLogger, PrivateKey } from '@libp2p/interface'

/** What a program that embeds the balancer can decide beyond its configuration. */
export interface BalancerOptions {
  /** In place of the key file, which is then not looked at. */
  privateKey?: PrivateKey
  /** Default: nothing is logged. */
  logger?: ComponentLogger
  /** Told in one line what an operator should know. Default: nobody is. */
  complain? (line: string): void
}

/** A running balancer. */
export interface Balancer {
  /** The public identity. */
  readonly peerId: string
  /** Where clients can dial it, each with /p2p/. */
  readonly addresses: readonly string[]
  /** `http://host:port` of the admin server. */
  readonly adminUrl: string
  readonly router: WantRouter
  /**
   * Takes no new wants, /readyz says so, and what was promised is sent.
   * Resolves when that is done or the signal aborts. Call {@link stop} then.
   */
  drain (options?: { signal?: AbortSignal }): Promise<void>
  /** Closes all it opened, at once. */
  stop (): Promise<void>
}

/**
 * Starts a balancer: an upstream host with the router, a downstream host, and
 * the admin server. It resolves when clients can dial it; whether a node behind
 * it is reachable is for /readyz and `router.ready` to tell.
 *
 * @throws {ConfigError} a module of the strategy cannot be used
 * @throws {KeyFileError} the key file is unusable
 * @throws {StartError} an address cannot be listened on, or the recording cannot be written
 */
export async function startBalancer (config: BalancerConfig, options: BalancerOptions = {}): Promise<Balancer> {
  const strategy = await loadStrategy(config.strategy, config.downstreams)
  const privateKey = options.privateKey ?? await loadOrCreateKey(config.key)
  const logger = options.logger ?? quietLogger()
  const registry = new Registry()
  const recording = config.record == null
    ? undefined
    : await startRecording(config.record, { complain: options.complain ?? (() => {}) })
  const host = { maxConnections: config.maxConnections, agent: { name: NAME, version: version() }, logger }
  const downstream = await createDownstreamHost(host)
  const upstream = await createUpstreamHost<{ router: WantRouter }>({
    ...host,
    privateKey,
    listen: [...config.listen, ...config.websocket],
    announce: config.announce,
    services: {
      router: components => wantRouter({
        targets: config.downstreams.map(targetOf),
        strategy,
        downstream,
        metrics: createMetrics(registry, logger),
        hashers: hashers(config.hashes),
        tap: recording?.tap
      })(components)
    }
  })
  const { router } = upstream.services

  // stopped in reverse: the nodes are let go only when clients are
  const started: Array<() => void | Promise<void>> = []

  async function stop (): Promise<void> {
    for (const undo of started.splice(0).reverse()) {
      await undo()
    }
  }

  if (recording != null) {
    started.push(async () => { await recording.close() })
  }

  try {
    const admin = await startAdminServer({
      ...config.admin,
      notReady: () => notReady(router),
      status: () => ({
        name: NAME,
        version: version(),
        peerId: upstream.peerId.toString(),
        addresses: addresses(),
        ...router.status()
      }),
      metrics: async () => ({ contentType: registry.contentType, body: await registry.metrics() })
    })
    started.push(async () => { await admin.stop() })

    await downstream.start()
    started.push(async () => { await downstream.stop() })

    await listening(upstream.start())
    started.push(async () => { await upstream.stop() })

    return {
      peerId: upstream.peerId.toString(),
      get addresses () {
        return addresses()
      },
      adminUrl: admin.url,
      router,
      drain: async (options) => { await router.drain(options) },
      stop
    }
  } catch (err) {
    await stop()
    throw err
  }

  function addresses (): string[] {
    return upstream.getMultiaddrs().map(address => address.toString())
  }
}

function notReady (router: WantRouter): string | undefined {
  if (!router.ready) {
    return router.status().draining ? 'draining' : 'no downstream node is up'
  }
}

async function listening (start: void | Promise<void>): Promise<void> {
  try {
    await start
  } catch (err) {
    throw new StartError(`cannot listen: ${(err as Error).message.replace(/\s*\n\s*/g, ' ')}; see -l and -w`)
  }
}
