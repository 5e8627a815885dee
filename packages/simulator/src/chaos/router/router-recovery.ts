import { recoveringMember, recoveryBound, serviceBound, SWEEP } from '../bounds.ts'
import { expectInTime, LOOK } from '../recovery.ts'
import { printKey } from '../scenario/blocks.ts'
import { PEER_LATENCY } from './router-peer.ts'
import type { Missing } from '../recovery.ts'
import type { Block } from '../scenario/blocks.ts'
import type { Stage } from '../stage.ts'
import type { LocalCaller } from './local-caller.ts'
import type { RouterPeer } from './router-peer.ts'
import type { Direction, RouterWorld } from './router-world.ts'
import type { Limits } from '@kitsune/want-router'
import type { Engine } from '@kitsune/want-router/engine'

/** The part of an engine on which a bound depends. */
export interface BoundedEngine extends Pick<Engine, 'status'> {
  readonly limits: Limits
}

interface RouterRecoveryInit {
  readonly stage: Stage
  readonly world: RouterWorld
  readonly nodes: readonly RouterPeer[]
  readonly clients: readonly RouterPeer[]
  readonly callers: readonly LocalCaller[]
  /** How long a direction may take in the present state, ms. */
  bound (direction: Direction): number
  /** Time passes, and what happens in it breaks no invariant. */
  pass (ms: number): Promise<void>
}

/** All faults have ended: all that some peer of the other side holds is served in time, and all calls end. */
export async function expectRecovery ({ stage, world, nodes, clients, callers, bound, pass }: RouterRecoveryInit): Promise<void> {
  // one may have been closed
  clients.forEach(client => { world.connect(client) })
  nodes.forEach(peer => { peer.sendAll() })
  clients.forEach(peer => { peer.sendAll() })
  await pass(0)
  const [forward, reverse] = [bound('forward'), bound('reverse')]

  function missing (): Missing[] {
    return [
      ...nodes.flatMap(peer => missingOf(peer, clients)).map(what => ({ invariant: 'lost' as const, what, bound: reverse })),
      ...clients.flatMap(peer => missingOf(peer, nodes)).map(what => ({ invariant: 'lost' as const, what, bound: forward })),
      ...callers.flatMap(({ open }) => open).map(call => ({ invariant: 'local' as const, what: `${call} has not ended`, bound: forward }))
    ]
  }

  for (let waited = 0, left = missing(); left.length > 0; waited += LOOK, left = missing()) {
    left.forEach(one => { expectInTime(stage, one, waited) })
    await pass(LOOK)
  }
}

/**
 * The longest time until honest peers have served the clients of one direction, ms.
 *
 * @param engine - the one whose limits hold for this direction
 * @param blocks - all that clients of this direction may want
 * @param calls - how many wants open calls may have or come to have; each may wait for a DONT_HAVE, and for the wants before it
 */
export function directionBound (engine: BoundedEngine, blocks: readonly Block[], calls: number): number {
  const { limits } = engine
  const largest = Math.max(limits.expectedBlock, ...blocks.map(({ size }) => size))
  const { members, wants, fetches } = engine.status()
  const recovery = {
    limits,
    wants: wants + calls,
    fetches: fetches + Math.min(calls, blocks.length),
    answer: PEER_LATENCY,
    members: members.map(member => recoveringMember(member, limits, largest)),
    down: calls > 0 ? limits.forgetDownAfter + SWEEP : 0
  }

  return recoveryBound(recovery, true) + serviceBound(calls, PEER_LATENCY, members.length)
}

/** What a peer waits for that some of the others hold, in words. */
export function missingOf (peer: RouterPeer, others: readonly RouterPeer[]): string[] {
  return peer.missing
    .filter(key => others.some(other => other.holds.has(key)))
    .map(key => `the ${peer.side} ${peer.id} still waits for ${printKey(key)}`)
}
