import { wantRouter } from '@kitsune/want-router'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { createUpstreamHost } from './hosts/upstream-host.ts'
import { targetOf } from './targets.ts'
import { NAME, version } from './version.ts'
import type { BalancerConfig } from './config/config.ts'
import type { RouterEvent, WantRouter } from '@kitsune/want-router'

/** Whether a node could be reached. */
export interface Probed {
  readonly id: string
  readonly reached: boolean
  /** Where it is, or why it cannot be reached. */
  readonly detail: string
}

// to be found and dialled takes a node 7 s at most
const TIMEOUT = 10_000

/**
 * Connects to each configured node as the balancer does, bitswap included, with an
 * identity that is gone afterwards. Resolves when each has answered or failed once.
 */
export async function probe ({ downstreams, limits: { maxConnections } }: BalancerConfig): Promise<Probed[]> {
  const heard = new Map<string, RouterEvent & { type: 'member' }>()
  const all = Promise.withResolvers<void>()
  const host = await createUpstreamHost<{ router: WantRouter }>({
    privateKey: await generateKeyPair('Ed25519'),
    listen: [],
    announce: [],
    maxConnections,
    agent: { name: NAME, version: version() },
    services: {
      router: wantRouter({
        targets: downstreams.map(targetOf),
        onEvent (event) {
          if (event.type === 'member') {
            heard.set(event.member, heard.get(event.member) ?? event)
          }
          if (heard.size === downstreams.length) {
            all.resolve()
          }
        }
      })
    }
  })
  const timer = setTimeout(all.resolve, TIMEOUT)

  try {
    await host.start()
    await all.promise

    return host.services.router.status().members.map(({ id, peer, connectedTo }) => {
      const { state, why = `no answer within ${TIMEOUT / 1000} s` } = heard.get(id) ?? {}

      return state === 'up'
        ? { id, reached: true, detail: `peer ${peer} at ${connectedTo?.[0] ?? 'an address that is closed again'}` }
        : { id, reached: false, detail: why }
    })
  } finally {
    clearTimeout(timer)
    await host.stop()
  }
}
