import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { addressOf, layCable, openSocket, portOf, remoteEnd, createTestHosts } from '../support/hosts.ts'
import { until } from '../support/until.ts'
import type { Connection, Libp2p } from '@libp2p/interface'

describe('host', function () {
  this.timeout(60_000)

  const { server, client } = createTestHosts()

  for (const transport of ['tcp', 'ws'] as const) {
    describe(`over ${transport}`, () => {
      it('admits 40 clients of one address that dial at once', async () => {
        const host = await server()
        const clients = await Promise.all(Array.from({ length: 40 }, client))

        await Promise.all(clients.map(async client => client.dial(multiaddr(addressOf(host, transport)))))

        await until(() => host.getPeers().length === 40)
        await Promise.all(clients.map(async client => client.services.ping.ping(host.peerId)))
      })

      it('admits a client within a second despite 500 silent sockets, and closes those', async () => {
        const host = await server()
        const port = portOf(addressOf(host, transport))
        const silent = await Promise.all(Array.from({ length: 500 }, async () => openSocket(port)))
        const honest = await client()

        const begin = performance.now()
        await honest.dial(multiaddr(addressOf(host, transport)))
        expect(performance.now() - begin).to.be.below(1000)

        const closed = await Promise.all(silent.map(async ({ closedAfter }) => closedAfter))
        expect(Math.max(...closed)).to.be.below(20_000)
        expect(honest.getConnections()).to.have.lengthOf(1)
      })

      it('admits no more clients than configured', async () => {
        const host = await server({ maxConnections: 3 })

        for (let i = 0; i < 3; i++) {
          const admitted = await client()
          await admitted.dial(multiaddr(addressOf(host, transport)))
          await remoteEnd(host, admitted)
        }

        const refused = await client()
        await expect(dialAndPing(refused, addressOf(host, transport))).to.eventually.be.rejected()
        expect(host.getPeers()).to.have.lengthOf(3)
      })

      it('closes the socket when it aborts a connection', async () => {
        const host = await server()
        const peer = await client()
        const connection = await peer.dial(multiaddr(addressOf(host, transport)))
        const other = await remoteEnd(host, peer)
        const closed = closing(connection)

        other.abort(new Error('test'))
        await closed

        expect(connection.status).to.not.equal('open')
      })

      it('closes its socket when the dialler aborts', async () => {
        const host = await server()
        const peer = await client()
        const connection = await peer.dial(multiaddr(addressOf(host, transport)))
        const other = await remoteEnd(host, peer)
        const closed = closing(other)

        connection.abort(new Error('test'))
        await closed

        expect(other.status).to.not.equal('open')
      })
    })
  }

  it('notices within 30 s that clients have silently disappeared, and keeps idle ones', async () => {
    const host = await server()
    const idle = await client()
    const connection = await idle.dial(multiaddr(addressOf(host, 'tcp')))
    const cables = await Promise.all((['tcp', 'ws'] as const).map(async transport => layCable(portOf(addressOf(host, transport)))))

    try {
      const clients = await Promise.all(['', '/ws'].map(async (suffix, i) => {
        const peer = await client()
        await peer.dial(multiaddr(`/ip4/127.0.0.1/tcp/${cables[i].port}${suffix}/p2p/${host.peerId}`))

        return peer
      }))
      const ends = await Promise.all(clients.map(async client => remoteEnd(host, client)))
      const gone = Promise.all(ends.map(closing))

      const begin = performance.now()
      cables.forEach(cable => { cable.cut() })
      await gone

      expect(performance.now() - begin).to.be.below(30_000)
      expect(host.getPeers().map(String)).to.deep.equal([idle.peerId.toString()])
      expect(connection.status).to.equal('open')
    } finally {
      await Promise.all(cables.map(async cable => cable.stop()))
    }
  })
})

/** A refused connection may look open at first. */
async function dialAndPing (host: Libp2p, address: string): Promise<void> {
  const connection = await host.dial(multiaddr(address))
  await connection.newStream('/ipfs/ping/1.0.0', { signal: AbortSignal.timeout(2000) })
}

async function closing (connection: Connection): Promise<void> {
  await new Promise<void>((resolve) => {
    connection.addEventListener('close', () => { resolve() }, { once: true })
  })
}
