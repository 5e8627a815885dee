import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { addressOf, createTestHosts, remoteEnd } from '../support/hosts.ts'
import { until } from '../support/until.ts'
import type { Connection } from '@libp2p/interface'

const PROTOCOL = '/test/fast-objects/1.0.0'

/** What libp2p and its parts make of a connection. */
interface Layers {
  readonly muxer: { readonly maConn: object }
  readonly maConn: object
}

setFlagsFromString('--allow-natives-syntax')
/** False: V8 keeps the properties in a dictionary, and looks each up there. */
const isFast = runInThisContext('object => %HasFastProperties(object)') as (object: object) => boolean

describe('the objects of a connection', function () {
  this.timeout(20_000)

  const { server, client } = createTestHosts()

  for (const transport of ['tcp', 'ws'] as const) {
    it(`are fast to V8 at both ends, and so are those of its streams, over ${transport}`, async () => {
      const host = await server()
      await host.handle(PROTOCOL, () => {})
      const peer = await client()
      const connection = await peer.dial(multiaddr(addressOf(host, transport)))
      const stream = await connection.newStream(PROTOCOL)
      stream.send(new Uint8Array(1))
      const far = await remoteEnd(host, peer)
      await until(() => far.streams.some(({ protocol }) => protocol === PROTOCOL))

      for (const end of [connection, far]) {
        const { muxer, maConn } = end as Connection & Layers
        expect([end, muxer, muxer.maConn, maConn, ...end.streams].map(isFast)).to.not.include(false)
      }
    })
  }
})
