import { NotFoundError } from '@kitsune/want-router'
import { broken } from '../errors.ts'
import { printKey } from '../scenario/blocks.ts'
import type { LocalCaller } from './local-caller.ts'
import type { Block } from '../scenario/blocks.ts'

interface LocalTruthInit {
  readonly caller: LocalCaller
  readonly blocks: readonly Block[]
  /** Whether some connected node holds it. */
  isHeld (block: Block): boolean
  /** How long a call that begins now may take, ms. */
  bound (): number
  /** Lets time pass, in which no invariant may break. */
  pass (ms: number): Promise<void>
}

// calls for one block, each of which may end since its want expires
const ATTEMPTS = 5
// how long is waited at a time, ms
const WAIT = 5000

/** When nodes are honest, calls get blocks that one of them holds, and are told if none does. */
export async function expectTruth (init: LocalTruthInit): Promise<void> {
  for (const block of init.blocks) {
    const held = init.isHeld(block)
    let told = 'nothing'

    for (let attempt = 0; told !== (held ? 'its bytes' : NotFoundError.name); attempt++) {
      if (attempt === ATTEMPTS) {
        broken('local', `${printKey(block.key)} is ${held ? '' : 'not '}held by a node, and ${ATTEMPTS} calls end, the last of them with ${told}`)
      }

      told = await get(init, block)
    }
  }
}

/** The end of a call. */
async function get ({ caller, bound, pass }: LocalTruthInit, block: Block): Promise<string> {
  const call: { told?: string } = {}
  void caller.get(block).then(result => { call.told = 'bytes' in result ? 'its bytes' : nameOf(result.error) })
  await pass(0)
  const most = bound()

  for (let waited = 0; waited <= most; waited += WAIT) {
    if (call.told != null) {
      return call.told
    }

    await pass(WAIT)
  }

  return broken('local', `get ${printKey(block.key)} has not ended after ${Math.round(most)} ms, which is all that its limits explain`)
}

function nameOf (error: unknown): string {
  return error instanceof Error ? error.name : String(error)
}
