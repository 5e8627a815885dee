import { describe } from '../describe.ts'
import { InvalidOptionError } from '../errors.ts'
import type { TargetInit } from './target.ts'

/**
 * Refuses anything that is not a target, and says how to make one of it.
 *
 * @param target - what was given
 * @param name - of the option, for the message
 * @throws {InvalidOptionError}
 */
export function checkTarget (target: unknown, name: string): asserts target is TargetInit {
  const { id, create, get } = (typeof target === 'object' ? target ?? {} : {}) as Partial<Record<string, unknown>>

  if (typeof create === 'function' && typeof id === 'string' && id !== '') {
    return
  }

  throw new InvalidOptionError(`${name} is not a target, but ${faultOf(target, create, get)}`)
}

function faultOf (target: unknown, create: unknown, get: unknown): string {
  if (typeof target === 'string' || isAddress(target)) {
    return `the address "${String(target)}": write peers(['…/p2p/…']) of @kitsune/want-router/discovery/static for the swarm address of a node, and kubo(['…']) of @kitsune/want-router/discovery/kubo-rpc for the RPC of a kubo`
  }

  if (typeof get === 'function') {
    return "a source: write source(it, { id: '…' })"
  }

  return typeof create === 'function' ? 'a target without an id: give it a unique name' : describe(target)
}

/** A URL, a multiaddr or a peer id: each prints as an address. */
function isAddress (target: unknown): boolean {
  return typeof target === 'object' && target != null && (target instanceof URL || 'getComponents' in target || 'toMultihash' in target)
}
