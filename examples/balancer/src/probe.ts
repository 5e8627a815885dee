import { createHost } from '@kitsune/host/node'
import { wantRouter } from '@kitsune/want-router'
import { createTarget } from './targets.ts'
import { NAME, version } from './version.ts'
import type { BalancerConfig } from './config/config.ts'
import type { RouterEvent, WantRouter } from '@kitsune/want-router'

/** The result of probing one node. */
export interface Probed {
  readonly id: string
  readonly reached: boolean
  /** The node's peer id and address, or why it cannot be reached. */
  readonly detail: string
}

// finding and dialling a node takes at most 7 s
const TIMEOUT = 10_000

/**
 * Connects to each configured node as the balancer does, including bitswap, with a
 * temporary identity. Resolves when each node has answered or failed once.
 */
export async function probe ({ downstreams }: BalancerConfig): Promise<Probed[]> {
  const heard = new Map<string, RouterEvent & { type: 'member' }>()
  const all = Promise.withResolvers<void>()
  const host = await createHost<{ router: WantRouter }>({
    agent: { name: NAME, version: version() },
    services: {
      router: wantRouter({
        targets: downstreams.map(createTarget),
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
        ? { id, reached: true, detail: `peer ${peer} at ${connectedTo?.[0] ?? 'an address (the connection has closed again)'}` }
        : { id, reached: false, detail: why }
    })
  } finally {
    clearTimeout(timer)
    await host.stop()
  }
}
