import { once } from 'node:events'
import { createGate, refsHandler } from '@kitsune/preload'
import { refsServer } from '@kitsune/preload/node'
import type { RefsHandler, RefsHandlerInit } from '@kitsune/preload'
import type { AddressInfo } from 'node:net'

/** A server of refs alone: whoever asks is a client that is connected, and has nothing. */
export interface RunningRefsServer {
  readonly url: string
  readonly handler: RefsHandler
  stop (): Promise<void>
}

/** Starts it in this process; `init` replaces parts of its handler. */
export async function startRefsServer (init: Partial<RefsHandlerInit> = {}): Promise<RunningRefsServer> {
  const handler = refsHandler({
    members: () => [],
    peers: { find: () => ['client'], onConnect: () => () => {} },
    register: () => () => {},
    gate: createGate(init.limits == null ? {} : { limits: init.limits }),
    read: async () => { throw new Error('no member has it') },
    ...init
  })
  const server = refsServer(handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    handler,
    async stop () {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}
