import { generateKeyPair } from '@libp2p/crypto/keys'
import { startProbedBalancer } from '../attack/probed-balancer.ts'
import { seededBlocks } from '../blocks.ts'
import { startRelay } from '../relay.ts'
import { serveBlocks } from '../serve-blocks.ts'
import { delay } from '../until.ts'
import { createWirePeer } from '../wire-peer.ts'
import type { Look, ProbedBalancer } from '../attack/probed-balancer.ts'
import type { TestBlock } from '../blocks.ts'
import type { WirePeer } from '../wire-peer.ts'

/** What a balancer held at one moment of a soak. */
export interface SoakSample extends Look {
  /** Since the beginning, ms. */
  readonly at: number
  /** Wants served so far, and wants that were not served in time. */
  readonly served: number
  readonly lost: number
}

interface SoakOptions {
  /** How long it lasts, ms. */
  readonly duration: number
  /** The interval of samples, ms. */
  readonly interval: number
  /** Called with each sample. */
  onSample (sample: SoakSample): void
}

const CLIENTS = 40
const SLOW_CLIENTS = 4
const BLOCKS = 500
/** How long a want may take, ms: its member may go away meanwhile, and timeouts pass. */
const MAX_WAIT = 60_000
const MEMBER_LIFE = 20_000

/**
 * Forty clients of one balancer and two members for a long time. Clients want random
 * blocks, cancel some, leave and come back; a few read slowly. The members are
 * restarted in turn.
 */
export async function soak ({ duration, interval, onSample }: SoakOptions): Promise<void> {
  const blocks = await seededBlocks(BLOCKS, 16 << 10, 'soak')
  const members = await Promise.all([0, 1].map(async () => createMember(blocks)))
  const balancer = await startProbedBalancer({ downstreams: members.map(({ address }) => address) })
  const begin = performance.now()
  const end = begin + duration
  const count = { served: 0, lost: 0 }
  const run = { balancer, blocks, count, isOver: () => performance.now() >= end }

  try {
    await Promise.all([
      restartInTurn(members, run.isOver),
      sample(balancer, count, begin, interval, run.isOver, onSample),
      ...Array.from({ length: CLIENTS }, async (_, i) => client(run, i < SLOW_CLIENTS))
    ])
  } finally {
    await balancer.stop()
    await Promise.all(members.map(async member => member.stop()))
  }
}

interface SoakRun {
  readonly balancer: ProbedBalancer
  readonly blocks: readonly TestBlock[]
  readonly count: { served: number, lost: number }
  isOver (): boolean
}

interface Member {
  readonly address: string
  restart (): Promise<void>
  stop (): Promise<void>
}

/** A member that comes back under the same address and identity. */
async function createMember (blocks: readonly TestBlock[]): Promise<Member> {
  const privateKey = await generateKeyPair('Ed25519')
  const create = async (listen: string): Promise<WirePeer> => createWirePeer({ privateKey, listen: [listen], keeps: false, onMessage: serveBlocks(blocks) })
  let peer = await create('tcp')
  const [address] = peer.addresses

  return {
    address,
    async restart () {
      await peer.stop()
      peer = await create(address.replace(/\/p2p\/.*/, ''))
    },
    stop: async () => peer.stop()
  }
}

async function restartInTurn (members: readonly Member[], isOver: () => boolean): Promise<void> {
  for (let next = 0; !isOver(); next++) {
    await delay(MEMBER_LIFE)
    await members[next % members.length].restart()
  }
}

async function sample (balancer: ProbedBalancer, count: SoakRun['count'], begin: number, interval: number, isOver: () => boolean, onSample: SoakOptions['onSample']): Promise<void> {
  while (!isOver()) {
    await delay(interval)
    onSample({ ...await balancer.look(), at: performance.now() - begin, ...count })
  }
}

/** One client, with a new peer id each time that it comes back. */
async function client (run: SoakRun, slow: boolean): Promise<void> {
  while (!run.isOver()) {
    const relay = slow ? await startRelay(run.balancer.tcp, { rate: 128 << 10 }) : undefined
    const peer = await createWirePeer()

    try {
      const balancer = await peer.connect(relay?.address ?? run.balancer.tcp)

      for (let rounds = 5 + random(20); rounds > 0 && !run.isOver(); rounds--) {
        await want(run, peer, balancer)
        await delay(random(200))
      }
    } finally {
      await peer.stop()
      await relay?.stop()
    }
  }
}

/** Wants some blocks, cancels some of the wants, and waits for the others. */
async function want ({ blocks, count }: SoakRun, peer: WirePeer, balancer: string): Promise<void> {
  const first = random(blocks.length - 32)
  const cids = blocks.slice(first, first + 1 + random(31)).map(({ cid }) => cid).filter(cid => !peer.blocks.has(cid.toString()))
  const kept = cids.filter(() => Math.random() < 0.8)
  await peer.want(balancer, cids)
  await delay(random(20))
  await peer.cancel(balancer, cids.filter(cid => !kept.includes(cid)))

  try {
    await peer.until(() => kept.every(cid => peer.blocks.has(cid.toString())), 'the blocks', MAX_WAIT)
    count.served += kept.length
  } catch {
    count.lost += kept.filter(cid => !peer.blocks.has(cid.toString())).length
  }
}

/** A whole number below `most`. */
function random (most: number): number {
  return Math.floor(Math.random() * most)
}
