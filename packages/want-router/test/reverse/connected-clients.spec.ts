import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'aegir/chai'
import { createPeerSessions } from '../../src/driver/peer-sessions.ts'
import { createConnectedClients } from '../../src/reverse/connected-clients.ts'
import { recordingSink } from '../targets/fixtures.ts'
import type { ConnectedClients } from '../../src/reverse/connected-clients.ts'
import type { Target } from '../../src/targets/target.ts'
import type { BitswapProtocol } from '@kitsune/bitswap-codec'

/** Clients over streams that open when a test says so. */
interface Rig {
  readonly clients: ConnectedClients
  readonly members: Map<string, Target>
  /** Which peers stand for which, as reported. */
  readonly ups: Array<string | undefined>
  readonly left: string[]
  readonly woken: string[]
  /** Streams that are being opened, in order. */
  readonly opening: Array<PromiseWithResolvers<BitswapProtocol> & { readonly peer: string, readonly signal: AbortSignal }>
  readonly nodes: Set<string>
  /** The time for opening a stream is over. */
  late (): void
}

function createRig (all: boolean, refuses: (id: string) => boolean = () => false): Rig {
  const timers = new Set<() => void>()
  const sessions = createPeerSessions({
    connect: async (peer, _, signal) => {
      const attempt = { ...Promise.withResolvers<BitswapProtocol>(), peer: peer.toString(), signal }
      signal.addEventListener('abort', () => { attempt.reject(signal.reason) })
      rig.opening.push(attempt)

      return attempt.promise
    },
    disconnect () {},
    wake () {}
  })
  const rig: Rig = {
    members: new Map(),
    ups: [],
    left: [],
    woken: [],
    opening: [],
    nodes: new Set(),
    late () { timers.forEach(run => { run() }) },
    clients: createConnectedClients({
      driver: {
        add ({ id }) {
          if (refuses(id)) {
            throw new Error('the strategy cannot take it')
          }

          expect(rig.members.has(id)).to.be.false()
        },
        async start (id, target) {
          rig.members.set(id, target)
          await target.start({ ...recordingSink(), up: (_, peer) => { rig.ups.push(peer) } })
        },
        async remove (id) {
          const target = rig.members.get(id)
          rig.members.delete(id)
          await target?.stop()
        }
      },
      sessions,
      all,
      isNode: peer => rig.nodes.has(peer),
      wake: peer => { rig.woken.push(peer) },
      leaving: peer => { rig.left.push(peer) },
      log: defaultLogger().forComponent('test'),
      timers: {
        after (_, run) {
          timers.add(run)

          return () => { timers.delete(run) }
        }
      }
    })
  }

  return rig
}

const settled = async (): Promise<void> => { await new Promise(resolve => { setImmediate(resolve) }) }
const V12 = '/ipfs/bitswap/1.2.0'

describe('reverse/connected-clients', () => {
  let peer: string
  let other: string

  before(async () => {
    peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
    other = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
  })

  async function join (rig: Rig, id = peer): Promise<void> {
    rig.clients.came(id)
    await settled()
    rig.opening.at(-1)?.resolve(V12)
    await settled()
  }

  it('a client is a member from when it can be asked until it has gone', async () => {
    const rig = createRig(true)
    rig.clients.came(peer)
    await settled()
    expect(rig.opening.map(({ peer }) => peer)).to.deep.equal([peer])
    expect(rig.members.size).to.equal(0)
    rig.opening[0].resolve(V12)
    await settled()
    expect([...rig.members.keys()]).to.deep.equal([peer])
    expect(rig.ups).to.deep.equal([peer])
    rig.clients.gone(peer)
    expect(rig.members.size).to.equal(0)
    expect(rig.left).to.deep.equal([peer])
    expect(rig.clients.take(peer, 1000, V12), 'nothing is sent to a peer that has gone').to.be.undefined()
  })

  it('one without bitswap, or too slow to open a stream, is never a member', async () => {
    const rig = createRig(true)
    rig.clients.came(peer)
    rig.clients.came(other)
    await settled()
    rig.opening[0].reject(new Error('no bitswap'))
    rig.late()
    await settled()
    expect(rig.opening[1].signal.aborted).to.be.true()
    expect(rig.members.size).to.equal(0)
    rig.clients.gone(peer)
    expect(rig.left).to.be.empty()
  })

  it('one that the strategy cannot take has no session, and may be registered later', async () => {
    let refuses = true
    const rig = createRig(false, () => refuses)
    const forget = rig.clients.register(peer)
    await join(rig)
    expect(rig.members.size).to.equal(0)
    refuses = false
    forget()
    rig.clients.register(peer)
    await settled()
    rig.opening.at(-1)?.resolve(V12)
    await settled()
    expect(rig.members.size).to.equal(1)
  })

  it('one that is registered again while its first stream is being opened joins by the second', async () => {
    const rig = createRig(false)
    rig.clients.came(peer)
    const forget = rig.clients.register(peer)
    await settled()
    forget()
    rig.clients.register(peer)()
    rig.clients.register(peer)
    await settled()
    expect(rig.opening.map(({ signal }) => signal.aborted)).to.deep.equal([true, false])
    rig.opening[1].resolve(V12)
    await settled()
    expect([...rig.members.keys()]).to.deep.equal([peer])
  })

  it('registrations count, and each ends once', async () => {
    const rig = createRig(false)
    const [first, second] = [rig.clients.register(peer), rig.clients.register(peer)]
    await join(rig)
    first()
    first()
    expect(rig.members.size).to.equal(1)
    second()
    expect(rig.members.size).to.equal(0)
    expect(rig.woken).to.deep.equal([peer])
    expect(rig.clients.take(peer, 1000, V12)).to.deep.equal({ full: true })
    expect(rig.clients.take(peer, 1000, V12)).to.be.undefined()
  })

  it('a node leaves, and joins when it is no longer a node, and so does a peer that stands for it', async () => {
    const rig = createRig(true)
    await join(rig)
    await join(rig, other)
    rig.clients.standsFor(other, peer)
    expect(rig.ups).to.deep.equal([peer, other, peer])
    rig.nodes.add(peer)
    rig.clients.nodeChanged(peer)
    expect(rig.members.size).to.equal(0)
    rig.nodes.delete(peer)
    rig.clients.nodeChanged(peer)
    await settled()
    rig.opening.slice(2).forEach(({ resolve }) => { resolve(V12) })
    await settled()
    expect([...rig.members.keys()]).to.have.members([peer, other])
    expect(rig.ups.slice(3)).to.include.members([peer]).and.not.include(undefined)
  })

  it('one that misbehaves is not asked again before it connects or registers again', async () => {
    const rig = createRig(true)
    await join(rig)
    rig.members.get(peer)?.reset?.('sends blocks or presences that it was not asked for')
    expect(rig.members.size).to.equal(0)
    rig.clients.nodeChanged(peer)
    await settled()
    expect(rig.opening).to.have.lengthOf(1)
    rig.clients.gone(peer)
    await join(rig)
    expect(rig.members.size).to.equal(1)
  })

  it('no client joins once it is stopped', async () => {
    const rig = createRig(true)
    rig.clients.came(peer)
    await settled()
    rig.clients.stop()
    await settled()
    rig.clients.register(peer)
    await settled()
    expect(rig.opening.map(({ signal }) => signal.aborted)).to.deep.equal([true])
    expect(rig.members.size).to.equal(0)
  })
})
