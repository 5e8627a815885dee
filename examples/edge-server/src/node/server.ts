import { createHost } from '@kitsune/host/node'
import { source, wantRouter } from '@kitsune/want-router'
import { fileList } from '@kitsune/want-router/policies/node'
import { ConfigError } from '../errors.ts'
import { createPolicies, urlLists } from '../policies.ts'
import { NAME, VERSION } from '../version.ts'
import { openCars } from './cars.ts'
import { loadOrCreateKey } from './key-file.ts'
import type { EdgeOptions } from './options.ts'
import type { WantRouter } from '@kitsune/want-router'

/** A running server. */
export interface EdgeServer {
  readonly peerId: string
  /** Where clients can dial it, each with /p2p/. */
  readonly addresses: readonly string[]
  /** What it serves, for people. */
  readonly summary: string
  /** A root to try; undefined if none is known. */
  readonly root?: string
  readonly router: WantRouter
  /** Finishes what is being sent, refuses new wants, and stops when that is done or the signal aborts. */
  stop (options?: { signal?: AbortSignal }): Promise<void>
}

/**
 * Starts the server; `onError` is told of denylists that cannot be read. It resolves when clients can dial it.
 *
 * @throws {ConfigError} something that was asked for cannot be done: the message says what
 */
export async function startEdgeServer ({ cars: location, listen, announce, key, denylists, quotas }: EdgeOptions, onError: (error: Error) => void = () => {}): Promise<EdgeServer> {
  const policies = createPolicies({ denylists: denylists.flatMap(list => /^https?:/.test(list) ? urlLists(list) : [fileList(list)]), quotas, onError })
  const { source: blocks, summary, root } = await openCars(location)
  await policies.denylist?.start()
  const host = await createHost<{ router: WantRouter }>({
    agent: { name: NAME, version: VERSION },
    privateKey: await loadOrCreateKey(key),
    listen,
    announce,
    idleFor: (peer, { router }) => router.idleFor(peer),
    services: { router: wantRouter({ targets: [source(policies.quotas?.watch(blocks) ?? blocks, { id: 'cars' })], policies: policies.all }) }
  })

  try {
    await host.start()
  } catch (err) {
    policies.denylist?.stop()
    throw new ConfigError(`cannot listen: ${(err as Error).message.split('\n').slice(0, 2).join(' ')}; choose another address with --listen`)
  }

  const { router } = host.services

  return {
    peerId: host.peerId.toString(),
    get addresses () { return host.getMultiaddrs().map(String) },
    summary,
    root,
    router,
    async stop (options) {
      await router.drain(options).catch(() => {}) // the time is over: what is left is cut
      await host.stop()
      policies.denylist?.stop()
    }
  }
}
