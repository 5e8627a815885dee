import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { createLibp2p } from 'libp2p'
import { createQuietLogger, leanNoise, trimPeerStore } from '../src/index.ts'
import { corkedTcp, createNoiseCrypto } from '../src/node/index.ts'
import { TESTED_VERSIONS } from '../src/warn.ts'
import { addressOf, createTestHosts, refuseToWarn, remoteEnd } from './support/hosts.ts'
import type { AddressInfo } from 'node:net'

/** The version of a package as another one finds it. */
function installed (name: string, from: string | URL): { version: string, path: string } {
  const file = createRequire(from).resolve(name)
  let folder = dirname(file)

  for (;;) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

      if (manifest.name === name) {
        return { version: manifest.version, path: file }
      }
    } catch {
      // most folders have no package.json
    }

    folder = dirname(folder)
  }
}

describe('the internal fields of libp2p that this package uses', () => {
  const { server, client } = createTestHosts()

  it('are those of the tested versions, which are pinned and installed', () => {
    const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    const { ws, ...pinned } = TESTED_VERSIONS

    for (const [name, version] of Object.entries(pinned)) {
      expect(dependencies[name], name).to.equal(version)
      expect(installed(name, import.meta.url).version, name).to.equal(version)
    }

    expect(installed('ws', installed('@libp2p/websockets', import.meta.url).path).version).to.equal(ws)
  })

  for (const transport of ['tcp', 'ws'] as const) {
    it(`are found, at both ends of a connection over ${transport}`, async () => {
      // any report fails the upgrade or the check, and so the dial or the ping
      const host = await server()
      const dialler = await client()
      const connection = await dialler.dial(multiaddr(addressOf(host, transport)))
      await remoteEnd(host, dialler)
      await dialler.services.ping.ping(host.peerId)

      expect(connection.status).to.equal('open')
    })
  }

  it('are those that libp2p itself uses: a trimmed peer store sees the protocols of streams, and does not write known ones', async () => {
    const host = await server()
    const stock = await createLibp2p({
      logger: createQuietLogger(),
      transports: [corkedTcp({}, refuseToWarn)],
      connectionEncrypters: [leanNoise(createNoiseCrypto(), refuseToWarn)],
      streamMuxers: [yamux()]
    })

    try {
      const { merge } = stock.peerStore
      let asked = 0
      let written = 0

      stock.peerStore.merge = async (...args) => {
        written++

        return merge.apply(stock.peerStore, args)
      }

      trimPeerStore(stock)
      const trimmed = stock.peerStore.merge

      stock.peerStore.merge = async (...args) => {
        asked++

        return trimmed(...args)
      }

      const connection = await stock.dial(multiaddr(addressOf(host, 'tcp')))

      for (let i = 0; i < 5; i++) {
        await (await connection.newStream('/ipfs/ping/1.0.0')).close()
      }

      expect(asked).to.be.at.least(5)
      expect(written).to.be.below(asked)
    } finally {
      await stock.stop()
    }
  })

  it('dials addresses in the order given: a WebSocket before a TCP address that never answers', async () => {
    const host = await server()
    const dialler = await client()
    const silent = createServer(() => {})
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))

    try {
      const { port } = silent.address() as AddressInfo
      const addresses = [addressOf(host, 'ws'), `/ip4/127.0.0.1/tcp/${port}/p2p/${host.peerId}`]
      const connection = await dialler.dial(addresses.map(address => multiaddr(address)), { signal: AbortSignal.timeout(5000) })

      expect(connection.remoteAddr.toString()).to.include('/ws')
    } finally {
      await new Promise(resolve => silent.close(resolve))
    }
  })
})
