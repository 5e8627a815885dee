import { BITSWAP_PROTOCOLS, encodeFrame } from '@kitsune/bitswap-codec'
import { createHost } from '@kitsune/host/node'
import { source, wantRouter } from '@kitsune/want-router'
import { createBlockClient } from '@kitsune/want-router/client'
import { generateKey, preSharedKey } from '@libp2p/pnet'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { Uint8ArrayList } from 'uint8arraylist'
import { startBridge } from '../src/bridge.ts'
import type { Bridge, Side } from '../src/bridge.ts'
import type { HostServices } from '@kitsune/host'
import type { IdentifyResult, Libp2p } from '@libp2p/interface'

const agent = { name: 'test', version: '0.0.0' }
const listen = ['/ip4/127.0.0.1/tcp/0']

interface Block { readonly cid: CID, readonly bytes: Uint8Array }

async function blockOf (text: string): Promise<Block> {
  const bytes = new TextEncoder().encode(text)

  return { bytes, cid: CID.createV1(raw.code, await sha256.digest(bytes)) }
}

/** A node that records which blocks it is asked for, and the identify messages of its peers. */
interface Node {
  readonly host: Libp2p<HostServices>
  readonly asked: string[]
  readonly told: IdentifyResult[]
}

/** Starts a node that serves the block, or one that has no block and only fetches. */
async function startNode (block: Block | undefined, swarmKey?: Uint8Array): Promise<Node> {
  const asked: string[] = []
  const told: IdentifyResult[] = []
  const memory = source({
    async get (cid) {
      asked.push(cid.toString())

      return cid.equals(block?.cid) ? block?.bytes : undefined
    }
  }, { id: 'memory' })
  const host = await createHost({
    agent,
    listen,
    connectionProtector: swarmKey == null ? undefined : preSharedKey({ psk: swarmKey }),
    services: block == null ? undefined : { router: wantRouter({ targets: [memory] }) }
  })
  host.addEventListener('peer:identify', ({ detail }) => { told.push(detail) })
  await host.start()

  return { host, asked, told }
}

async function until (what: string, is: () => boolean): Promise<void> {
  const end = Date.now() + 10_000

  while (!is()) {
    if (Date.now() > end) {
      throw new Error(`waited for too long until ${what}`)
    }

    await new Promise(resolve => { setTimeout(resolve, 10) })
  }
}

/** All identify messages, with the content of signed records, as text. */
const said = (results: readonly IdentifyResult[]): string => JSON.stringify(results.map(({ connection, ...rest }) => ({
  ...rest,
  peerId: rest.peerId.toString(),
  observedAddr: undefined, // the receiver's own
  signedPeerRecord: rest.signedPeerRecord == null ? undefined : { addresses: rest.signedPeerRecord.addresses.map(String) },
  listenAddrs: rest.listenAddrs.map(String)
})), (_, value) => typeof value === 'bigint' ? String(value) : value)

const portOf = (host: Libp2p): string => /tcp\/(\d+)/.exec(String(host.getMultiaddrs()[0]))?.[1] ?? ''

for (const privateSide of ['upstream', 'downstream'] as const satisfies Side[]) {
  describe(`a bridge whose ${privateSide} side is the private swarm`, function () {
    this.timeout(30_000)

    let asking: Node
    let holding: Node
    let bridge: Bridge
    let wanted: Block
    let keyOf: (side: Side) => Uint8Array | undefined
    let swarmKey: Uint8Array

    beforeEach(async () => {
      swarmKey = new Uint8Array(95)
      generateKey(swarmKey)
      keyOf = side => side === privateSide ? swarmKey : undefined
      wanted = await blockOf('held downstream')
      asking = await startNode(undefined, keyOf('upstream'))
      holding = await startNode(wanted, keyOf('downstream'))
      bridge = await startBridge({ swarmKey, privateSide, listen, nodes: holding.host.getMultiaddrs().map(String) })
      await until('the bridge is connected', () => bridge.upstream.services.router.ready)
    })

    afterEach(async () => {
      await bridge.stop()
      await Promise.all([asking, holding].map(async ({ host }) => host.stop()))
    })

    it('serves clients of the upstream side with blocks of the downstream side', async () => {
      const client = await createBlockClient(asking.host, bridge.upstream.getMultiaddrs()[0])
      expect([...await client.get(wanted.cid)]).to.deep.equal([...wanted.bytes])
    })

    it('asks nothing in the other direction', async () => {
      const secret = await blockOf('held upstream')
      const keeper = await startNode(secret, keyOf('upstream'))

      try {
        await keeper.host.dial(bridge.upstream.getMultiaddrs())
        // the bridge has connected to it, and receives its wants
        const [toBridge] = holding.host.getConnections()
        const stream = await toBridge.newStream([...BITSWAP_PROTOCOLS])
        const wants = [{ cid: secret.cid.bytes, priority: 1, cancel: false, wantType: 'block', sendDontHave: true }] as const
        stream.send(new Uint8ArrayList(...encodeFrame({ wants }, '/ipfs/bitswap/1.2.0')))
        await stream.close()
        // a later want has been served, so this one has been read
        const client = await createBlockClient(asking.host, bridge.upstream.getMultiaddrs()[0])
        await client.get(wanted.cid)
        expect(keeper.asked).to.be.empty()
        expect(holding.asked).to.deep.equal([wanted.cid.toString()])
        expect(bridge.upstream.services.router.status().totals.wants).to.equal(1)
      } finally {
        await keeper.host.stop()
      }
    })

    it('lets neither side learn about the other', async () => {
      const client = await createBlockClient(asking.host, bridge.upstream.getMultiaddrs()[0])
      await client.get(wanted.cid)
      await until('all nodes have identified themselves', () => asking.told.length > 0 && holding.told.length > 0)
      const above = [asking.host, bridge.upstream]
      const below = [holding.host, bridge.downstream]

      for (const [node, ownSide, others] of [[asking, bridge.upstream, below], [holding, bridge.downstream, above]] as const) {
        expect(said(node.told), 'it knows the bridge on its own side').to.include(ownSide.peerId.toString())
        const known = [...await node.host.peerStore.all(), ...await ownSide.peerStore.all()]
          .map(({ id, addresses, protocols }) => ({ id: id.toString(), addresses: addresses.map(({ multiaddr }) => String(multiaddr)), protocols }))
        const all = said(node.told) + JSON.stringify(known)

        for (const other of others) {
          expect(all).to.not.include(other.peerId.toString())
        }

        for (const port of others.map(portOf).filter(port => port !== '')) {
          expect(all).to.not.match(new RegExp(`tcp/${port}\\b`))
        }
      }
    })

    it('admits only members of the swarm on that side', async () => {
      const stranger = await createHost({ agent, connectionProtector: privateSide === 'upstream' ? undefined : preSharedKey({ psk: swarmKey }) })
      await stranger.start()

      try {
        await expect(stranger.dial(bridge.upstream.getMultiaddrs(), { signal: AbortSignal.timeout(1_000) })).to.eventually.be.rejected()
        expect(bridge.upstream.getPeers()).to.be.empty()
      } finally {
        await stranger.stop()
      }
    })
  })
}
