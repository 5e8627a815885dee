import { DrainingError } from '@kitsune/want-router'
import { broken } from '../errors.ts'
import { printKey } from '../scenario/blocks.ts'
import { cidOf } from './local-caller.ts'
import { QUIET } from './router-world.ts'
import type { RouterPeer } from './router-peer.ts'
import type { RouterWorld } from './router-world.ts'
import type { Block } from '../scenario/blocks.ts'

interface RouterDrainInit {
  readonly world: RouterWorld
  /** Clients that are known since they want something, each of which reads; and one that comes when the drain has begun. */
  readonly known: readonly RouterPeer[]
  readonly newcomer: RouterPeer | undefined
  /** Any. */
  readonly block: Block
  /** How long the router may take to serve all open wants, ms. */
  bound (): number
  /** What clients still wait for, though some node holds it, in words. */
  missing (): readonly string[]
  /** Time passes, and what happens in it breaks no invariant. */
  pass (ms: number): Promise<void>
}

// how long is waited at a time, ms
const WAIT = 1000

/** The router drains: it serves the clients that it has, accepts no others, and says when all is quiet. */
export async function expectDrain ({ world, known, newcomer, block, bound, missing, pass }: RouterDrainInit): Promise<void> {
  const seen: { error?: unknown, quiet: boolean } = { quiet: false }
  void world.drain().then(() => { seen.quiet = true })
  void world.local.unnamed.get(cidOf(block)).catch((error: unknown) => { seen.error = error })

  if (newcomer != null) {
    world.disconnect(newcomer)
    await pass(0)
    world.connect(newcomer)
    newcomer.want(1)
  }

  await pass(0)

  if (!(seen.error instanceof DrainingError)) {
    broken('drain', `the router drains, and a call for ${printKey(block.key)} ends with ${String(seen.error)}`)
  }

  if (newcomer != null && world.isConnected(newcomer)) {
    broken('drain', `the router drains, and ${newcomer.id}, which it did not know, stays connected`)
  }

  const most = bound() + QUIET

  for (let waited = 0; !seen.quiet || missing().length > 0; waited += WAIT) {
    const cutOff = known.find(client => !world.isConnected(client))

    if (cutOff != null) {
      broken('drain', `the router drains, and ${cutOff.id} is cut off, though it reads`)
    }

    if (waited > most) {
      broken(seen.quiet ? 'lost' : 'drain', `the router has drained for ${waited} ms, of which its limits explain ${Math.round(most)}${seen.quiet ? '' : ', and does not say that it is quiet'}: ${missing().join(', ')}`)
    }

    await pass(WAIT)
  }
}
