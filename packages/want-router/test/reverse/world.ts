import { cidPrefix, multihashKey } from '@kitsune/bitswap-codec'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { createDriver } from '../../src/driver/driver.ts'
import { createPeerSessions } from '../../src/driver/peer-sessions.ts'
import { createVerifier } from '../../src/driver/verifier.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { NotConnectedError } from '../../src/network/errors.ts'
import { createReverse } from '../../src/reverse/reverse.ts'
import { createRouterNetworks } from '../../src/router-networks.ts'
import { peerTarget } from '../../src/targets/peer-target.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { entry, inOrder } from '../engine/harness.ts'
import type { TapRecord } from '../../src/engine/tap.ts'
import type { Exchange } from '../../src/network/exchange.ts'
import type { Network } from '../../src/network/network.ts'
import type { NetworkStats } from '../../src/network/stats.ts'
import type { Reverse } from '../../src/reverse/reverse.ts'
import type { FakeClock } from '../../src/testing/fake-clock.ts'
import type { TestBlock } from '../engine/harness.ts'
import type { BitswapMessage, Outgoing, WantEntry } from '@kitsune/bitswap-codec'
import type { Libp2p, PeerId } from '@libp2p/interface'

const PROTOCOL = '/ipfs/bitswap/1.2.0'
const MAX_BYTES = 16_384

/** A peer of the router: a node that it dials, or a client that connects by itself. */
export interface Actor {
  readonly id: string
  readonly peer: PeerId
  readonly kind: 'node' | 'client'
  readonly holds: Map<string, TestBlock>
  /** What it wants, and has not got. */
  readonly wants: Map<string, TestBlock>
  /** What it is asked for, and has not answered with a block. */
  readonly asked: Map<string, WantEntry>
  /** The keys of all blocks that it was ever asked for. */
  readonly everAsked: Set<string>
  /** What came that it did not want. */
  readonly unwanted: string[]
}

/** A router in both directions among actors, without streams or real time. */
export interface World {
  readonly clock: FakeClock
  readonly reverse: Reverse
  readonly actors: readonly Actor[]
  isConnected (actor: Actor): boolean
  /** Connects a client, or has a node dialled. */
  connect (actor: Actor): void
  disconnect (actor: Actor): void
  want (actor: Actor, block: TestBlock, type: WantEntry['wantType']): void
  /** It answers something that it was asked for. */
  answer (actor: Actor, key: string, honest: boolean): void
  /** Runs until nothing more happens at this moment. */
  settle (): Promise<void>
  /** Looks for contradictions in both engines. */
  check (): void
  /** The input and output of each engine. */
  readonly recordings: { readonly forward: TapRecord[], readonly reverse: TapRecord[] }
  stop (): Promise<void>
}

export async function createPeerIds (count: number): Promise<PeerId[]> {
  return Promise.all(Array.from({ length: count }, async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))))
}

const empty: BitswapMessage = { wants: [], full: false, blocks: [], presences: [], pendingBytes: 0 }

export async function createWorld (hosts: 'one host' | 'two hosts', ids: { nodes: readonly PeerId[], clients: readonly PeerId[] }, random: () => number): Promise<World> {
  const clock = fakeClock()
  const logger = defaultLogger()
  const log = logger.forComponent('test')
  const verify = createVerifier()
  const actorOf = (kind: Actor['kind']) => (peer: PeerId): Actor => ({
    id: peer.toString(), peer, kind, holds: new Map(), wants: new Map(), asked: new Map(), everAsked: new Set(), unwanted: []
  })
  const actors = [...ids.nodes.map(actorOf('node')), ...ids.clients.map(actorOf('client'))]
  const byId = new Map(actors.map(actor => [actor.id, actor]))
  const recordings: World['recordings'] = { forward: [], reverse: [] }

  const engine = createEngine({ members: ids.nodes.map((_, i) => ({ id: `node-${i}` })), strategy: inOrder, now: clock.now, randomSeed: 1, seed: 0, tap: record => { recordings.forward.push(record) } })
  const driver = createDriver({
    engine,
    verify,
    timers: clock,
    log,
    upstream: { wake: peer => { networks.upstream.wake(peer) }, disconnect: peer => { void networks.upstream.disconnect(peer) } }
  })
  const reverse = createReverse({
    init: { members: 'connected', strategy: inOrder, tap: record => { recordings.reverse.push(record) } },
    seed: 0,
    verify,
    own: new Set(),
    logger,
    timers: clock,
    randomSeed: 1,
    upstream: () => networks.upstream,
    downstream: () => networks.downstream,
    isNode: peer => sessions.has(peer),
    hangUp: peer => { void networks.downstream.disconnect(peer) }
  })
  const sessions = createPeerSessions({
    connect: async (...args) => networks.connect(...args),
    wake: peer => { networks.downstream.wake(peer) },
    disconnect: peer => { void networks.downstream.disconnect(peer) }
  }, { timers: clock, changed: peer => { networks.nodeChanged(peer) } })
  const networks = createRouterNetworks({
    components: undefined as never,
    downstream: hosts === 'one host' ? undefined : { logger } as unknown as Libp2p,
    engine,
    driver,
    sessions,
    reverse,
    create: ({ exchange }) => createFakeNetwork(exchange, byId, (actor, message) => { hear(actor, message) })
  })
  const netOf = ({ kind }: Actor): FakeNetwork => (kind === 'node' ? networks.downstream : networks.upstream) as FakeNetwork

  function hear (actor: Actor, { wants = [], full, blocks = [], presences = [] }: Outgoing): void {
    if (full === true) {
      actor.asked.clear()
    }

    for (const want of wants) {
      const key = multihashKey(want.cid)

      if (want.cancel) {
        actor.asked.delete(key)
      } else {
        actor.asked.set(key, want)
        actor.everAsked.add(key)
      }
    }

    for (const { data } of blocks) {
      const got = [...actor.wants].find(([, block]) => Buffer.compare(block.bytes, data) === 0)

      if (got == null) {
        actor.unwanted.push('a block')
      } else {
        actor.wants.delete(got[0])
      }
    }

    for (const { cid } of presences) {
      if (!actor.wants.has(multihashKey(cid))) {
        actor.unwanted.push('a presence')
      }
    }
  }

  const send = (actor: Actor, message: Partial<BitswapMessage>): void => {
    netOf(actor).exchange.receive(actor.id, { ...empty, ...message }, PROTOCOL, 0)
  }

  await Promise.all(ids.nodes.map(async (peer, i) => driver.start(`node-${i}`, peerTarget({
    id: `node-${i}`,
    locate: async () => ({ peer, addresses: [] }),
    retry: { timers: clock, random }
  }).create({ logger, openPeer: async (...args) => sessions.open(...args) }))))

  return {
    clock,
    reverse,
    actors,
    recordings,
    isConnected: actor => netOf(actor).connected.has(actor.id),
    connect (actor) { netOf(actor).adopt(actor.id) },
    disconnect (actor) {
      actor.asked.clear()
      netOf(actor).drop(actor.id)
    },
    want (actor, block, wantType) {
      actor.wants.set(multihashKey(block.cid), block)
      send(actor, { wants: [entry(block, { wantType })] })
    },
    answer (actor, key, honest) {
      const want = actor.asked.get(key)
      const block = actor.holds.get(key)

      if (want == null) {
        return
      }

      if (block == null || !honest) {
        send(actor, { presences: [{ cid: want.cid, have: false }] })
      } else if (want.wantType === 'have') {
        send(actor, { presences: [{ cid: want.cid, have: true }] })
      } else {
        actor.asked.delete(key)
        send(actor, { blocks: [{ prefix: cidPrefix(want.cid), data: block.bytes }] })
      }
    },
    async settle () {
      for (let i = 0; i < 3; i++) {
        await new Promise(resolve => { setImmediate(resolve) })
        clock.pass(0)
      }
    },
    check () {
      engine.checkInvariants()
      reverse.checkInvariants()
    },
    async stop () {
      const stopped = Promise.all([driver.stop(), reverse.stop()])
      clock.pass(10_000)
      await stopped
    }
  }
}

interface FakeNetwork extends Network {
  readonly exchange: Exchange
  readonly connected: Set<string>
  adopt (id: string): void
  drop (id: string): void
}

/** Peers that take at once what there is for them, in messages of a bounded size. */
function createFakeNetwork (exchange: Exchange, actors: ReadonlyMap<string, Actor>, hear: (actor: Actor, message: Outgoing) => void): FakeNetwork {
  const connected = new Set<string>()

  const network: FakeNetwork = {
    exchange,
    connected,
    stats: {} as unknown as NetworkStats,
    sizes: { peers: 0, watched: 0 },
    async start () {},
    async stop () {},
    flushed: async () => true,
    wake (id) {
      const actor = actors.get(id)

      if (actor == null || !connected.has(id)) {
        return
      }

      for (let message = exchange.take(id, MAX_BYTES, PROTOCOL); message != null; message = exchange.take(id, MAX_BYTES, PROTOCOL)) {
        hear(actor, message)
      }
    },
    async connect (peer) {
      network.adopt(peer.toString())

      return PROTOCOL
    },
    async open (id) {
      if (!connected.has(id)) {
        throw new NotConnectedError()
      }

      return PROTOCOL
    },
    async disconnect (id) { network.drop(id) },
    adopt (id) {
      if (!connected.has(id)) {
        connected.add(id)
        exchange.came?.(id)
      }
    },
    drop (id) {
      if (connected.delete(id)) {
        queueMicrotask(() => { exchange.gone(id) })
      }
    }
  }

  return network
}
