import { endOfTick } from '@kitsune/host'
import { createHost } from '@kitsune/host/node'
import { source, wantRouter } from '@kitsune/want-router'
import { urlList } from '@kitsune/want-router/policies'
import { fileList } from '@kitsune/want-router/policies/node'
import { countFailures } from '../blocks/failures.ts'
import { ConfigError } from '../errors.ts'
import { countSent, createCounts, formatMetrics } from '../metrics.ts'
import { createPolicies } from '../policies.ts'
import { NAME, VERSION } from '../version.ts'
import { openCars } from './cars.ts'
import { startHttpDoor } from './http-door.ts'
import { loadOrCreateKey } from './key-file.ts'
import { shareQuotas } from './shared-quotas.ts'
import type { EdgeOptions } from './options.ts'
import type { WantRouter } from '@kitsune/want-router'
import type { ListSource } from '@kitsune/want-router/policies'

/** A running server. */
export interface EdgeServer {
  readonly peerId: string
  /** Where clients can dial it, each with /p2p/. */
  readonly addresses: readonly string[]
  /** Where it answers HTTP. */
  readonly urls: readonly string[]
  /** A line that says what it serves, for people. */
  readonly summary: string
  /** A root to try; undefined if none is known. */
  readonly root?: string
  readonly router: WantRouter
  /** Finishes what is being sent, refuses new wants, and stops when that is done or the signal aborts. */
  stop (options?: { signal?: AbortSignal }): Promise<void>
}

/**
 * Starts the server. It resolves when clients can dial it. `onError` is called for denylists that cannot be read.
 *
 * @throws {ConfigError} an option cannot be used; the message says which
 */
export async function startEdgeServer ({ cars: location, listen, announce, http, key, access, denylists, quotas, redis }: EdgeOptions, onError: (error: Error) => void = () => {}): Promise<EdgeServer> {
  const shared = redis == null ? undefined : shareQuotas(redis)
  const policies = createPolicies({ access: access.map(listAt), denylists: denylists.map(listAt), quotas, quotaStore: shared?.store, onError })

  const stopPolicies = (): void => {
    policies.reading.forEach(policy => { policy.stop() })
    shared?.stop()
  }

  const counts = createCounts()
  const { source: all, summary, root } = await openCars(location, counts.costs)
  const blocks = countFailures(all, counts.failures)
  const gateways = announce.filter(isGateway)
  await Promise.all(policies.reading.map(async policy => policy.start()))
  const host = await createHost<{ router: WantRouter }>({
    agent: { name: NAME, version: VERSION },
    privateKey: await loadOrCreateKey(key),
    listen,
    announce: announce.filter(address => !isGateway(address)),
    idleFor: (peer, { router }) => router.idleFor(peer),
    services: {
      router: wantRouter({
        targets: [source(policies.quotas?.watch(blocks) ?? blocks, { id: 'cars' })],
        policies: http.length === 0 ? policies.all : [...policies.all, countSent(counts)],
        endOfTick: endOfTick.decide
      })
    }
  })

  try {
    await host.start()
  } catch (err) {
    stopPolicies()
    throw new ConfigError(`cannot listen: ${(err as Error).message.split('\n').slice(0, 2).join(' ')}; choose another address with --listen`)
  }

  const { router } = host.services

  async function stop (): Promise<void> {
    await host.stop()
    stopPolicies()
  }

  const peerId = host.peerId.toString()
  const door = await startHttpDoor({
    urls: http,
    gateways,
    peerId,
    router,
    addresses: () => host.getMultiaddrs().map(address => String(address).replace(/\/p2p\/[^/]+$/, '')),
    metrics: () => formatMetrics({ ...counts, connections: host.getConnections().length })
  }).catch(async err => {
    await stop()
    throw err
  })

  return {
    peerId,
    get addresses () { return host.getMultiaddrs().map(String) },
    urls: door.urls,
    summary,
    root,
    router,
    async stop (options) {
      await router.drain(options).catch(() => {}) // the time is over, so cut the remaining transfers
      await door.stop()
      await stop()
    }
  }
}

/** A list in a file, or on a web server. */
function listAt (place: string): ListSource {
  return /^https?:/.test(place) ? urlList(place) : fileList(place)
}

/** Whether the address is for HTTP, and not for bitswap. */
function isGateway (address: string): boolean {
  return address.endsWith('/http')
}
