import { CID } from 'multiformats/cid'
import { createHaves } from '../../src/haves.ts'
import { blockHandler } from '../../src/http/index.ts'
import { rig } from '../driver/rig.ts'
import { testBlock } from '../engine/harness.ts'
import type { BlockHandlerOptions, Handler, RequestInfo } from '../../src/http/index.ts'
import type { Rig } from '../driver/rig.ts'
import type { TestBlock } from '../engine/harness.ts'

const PREFIX = Uint8Array.of(1, 0x55, 0x12, 32)

export const block = testBlock(1)
export const cid = CID.decode(block.cid)
export const raw = `/ipfs/${cid}?format=raw`

/** A handler over an engine with one member, on a clock that a test moves. */
export interface HttpRig extends Rig {
  readonly handler: Handler
  /** Whether the router is ready. */
  ready: boolean
  /** Sends a request. */
  request (path: string, init?: RequestInit & { info?: RequestInfo }): Promise<Response>
  /** Ends the tick, and ticks that follow from it. */
  endTick (): Promise<void>
  /** Lets time pass in steps that are too small to look like a suspended process. */
  pass (ms: number): Promise<void>
  deliver (block: TestBlock): Promise<void>
  answer (block: TestBlock, answer: 'have' | 'dont-have', size?: number): Promise<void>
}

export async function httpRig (options: BlockHandlerOptions = {}, init: Parameters<typeof rig>[0] = {}): Promise<HttpRig> {
  const haves = createHaves(() => base.timers.now())
  const base: Rig = await rig({ ...init, onEvent: haves.onEvent })
  base.engine.watchAttempts(haves.attemptEnded)
  const policies = init.admission?.policies.map(({ name }) => ({ name, refused: 0, restricted: 0, errors: 0, timeouts: 0 })) ?? []
  const router = { client: (id: string) => base.local.client(id), ready: true, rememberHaves: () => haves, status: () => ({ policies }) }
  const handler = blockHandler(router, options)

  const endTick = async (): Promise<void> => {
    for (let i = 0; i < 4; i++) {
      await settled()
      base.timers.tick()
    }

    await settled()
  }

  base.sink.up()
  await endTick()

  return {
    ...base,
    handler,
    get ready () { return router.ready },
    set ready (ready) { router.ready = ready },
    endTick,
    request: async (path, { info, ...init } = {}) => handler(new Request(`http://localhost${path}`, init), info),
    async pass (ms) {
      for (let at = 0; at < ms; at += 50) {
        base.timers.pass(50)
        await endTick()
      }
    },
    async deliver ({ bytes }) {
      await base.sink.block(PREFIX, bytes)
      await endTick()
    },
    async answer ({ key }, answer, size) {
      base.sink.answer(key, answer, undefined, size)
      await endTick()
    }
  }
}

/** Lets promises settle. */
async function settled (): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await Promise.resolve()
  }
}
