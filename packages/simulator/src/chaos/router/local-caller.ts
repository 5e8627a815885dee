import { decodeCid } from '@kitsune/bitswap-codec'
import { NotFoundError, WantExpiredError, WantRefusedError } from '@kitsune/want-router'
import { broken } from '../errors.ts'
import { printKey } from '../scenario/blocks.ts'
import type { Block } from '../scenario/blocks.ts'
import type { Dice } from '../scenario/dice.ts'
import type { LocalClient } from '@kitsune/want-router'
import type { FakeClock } from '@kitsune/want-router/testing'

interface LocalCallerInit {
  readonly client: LocalClient
  readonly clock: FakeClock
  readonly dice: Dice
  /** The blocks that nodes may hold. Each has its own size, which identifies its bytes. */
  readonly blocks: readonly Block[]
  /** Called when some call wants it. */
  wanted (block: Block): void
  /** Whether policies may refuse the wants of calls. */
  readonly refusable: boolean
  /** Whether a member has claimed to have it. */
  isClaimed (block: Block): boolean
  /** Runs code that may break an invariant: promises would swallow what it throws. */
  guard (run: () => void): void
}

/** A call that has not ended. */
interface Call { readonly controller: AbortController, readonly what: string }

/** The result for one block. */
type Result = { readonly bytes: Uint8Array } | { readonly error: unknown }

/** A client within the process, which calls get, getMany and has, and gives some of the calls up. */
export class LocalCaller {
  readonly #init: LocalCallerInit
  readonly #open = new Set<Call>()
  /** Whether some call got its block, and whether some was given up. */
  got = false
  gaveUp = false

  constructor (init: LocalCallerInit) {
    this.#init = init
  }

  /** Calls that have not ended. */
  get open (): readonly string[] { return Array.from(this.#open, ({ what }) => what) }

  /** Calls something; often more than once, so that calls share a want. */
  act (): void {
    const { chance, pick } = this.#init.dice
    const block = pick(this.#init.blocks)
    this.#callOnce(block)

    while (chance(0.3)) {
      this.#callOnce(block)
    }
  }

  #callOnce (block: Block): void {
    const { blocks, clock, dice: { chance, int, weighted } } = this.#init
    const before = new Set(this.#open)

    switch (weighted({ get: 4, has: 3, many: 1 })) {
      case 'get':
        void this.get(block)
        break
      case 'has':
        void this.has(block, chance(0.5) ? int(1, 3000) : undefined)
        break
      default:
        void this.#getMany(blocks.filter(() => chance(0.3)))
    }

    const [call] = [...this.#open].filter(call => !before.has(call))

    if (chance(0.4)) {
      clock.after(int(0, 200), () => { this.#giveUp(call) })
    }
  }

  #giveUp (call: Call): void {
    if (this.#open.has(call)) {
      this.gaveUp = true
      call.controller.abort(new Error('the simulation gives it up'))
    }
  }

  /** The block, or the error of the call. */
  async get (block: Block): Promise<Result> {
    return this.#call(`get ${printKey(block.key)}`, [block], async signal => {
      const result = await this.#init.client.get(cidOf(block), { signal }).then(bytes => ({ bytes }), (error: unknown) => ({ error }))
      this.#expectTrue(block, result, signal)

      return result
    })
  }

  async has (block: Block, within?: number): Promise<string | undefined> {
    return this.#call(`has ${printKey(block.key)}`, [block], async signal => {
      const answer = await this.#init.client.has(cidOf(block), { signal, within }).catch((error: unknown) => {
        this.#expectTrue(block, { error }, signal)

        return undefined
      })
      this.#init.guard(() => {
        if (answer === 'have' && !this.#init.isClaimed(block)) {
          broken('local', `has(${printKey(block.key)}) says that a member has it, and none has claimed that`)
        }
      })

      return answer
    })
  }

  async #getMany (blocks: readonly Block[]): Promise<void> {
    await this.#call(`getMany of ${blocks.length}`, blocks, async signal => {
      const left = new Map(blocks.map(block => [cidOf(block).toString(), block]))

      try {
        for await (const { cid, bytes, error } of this.#init.client.getMany(blocks.map(cidOf), { signal })) {
          const block = left.get(cid.toString())
          left.delete(cid.toString())
          this.#init.guard(() => {
            if (block == null) {
              broken('local', `getMany yields ${cid} twice, or without being asked`)
            }
          })

          if (block != null) {
            this.#expectTrue(block, bytes == null ? { error } : { bytes }, signal)
          }
        }
      } catch (error) {
        this.#expectReason(error, signal)

        return
      }

      this.#init.guard(() => {
        if (left.size > 0) {
          broken('local', `getMany has ended without results for ${left.size} of ${blocks.length} blocks`)
        }
      })
    })
  }

  async #call<T> (what: string, blocks: readonly Block[], run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const call: Call = { controller: new AbortController(), what }
    blocks.forEach(block => { this.#init.wanted(block) })
    this.#open.add(call)

    try {
      return await run(call.controller.signal)
    } finally {
      this.#open.delete(call)
    }
  }

  /** A block is the one that was asked for; an error says that no member has it, or that none had it in time. */
  #expectTrue (block: Block, result: Result, signal: AbortSignal): void {
    if ('error' in result) {
      const { error } = result
      const refused = this.#init.refusable && error instanceof WantRefusedError

      if (!(error instanceof NotFoundError || error instanceof WantExpiredError || refused)) {
        this.#expectReason(result.error, signal)
      }

      return
    }

    this.got = true
    this.#init.guard(() => {
      if (result.bytes.byteLength !== block.size) {
        broken('local', `${printKey(block.key)} has ${block.size} bytes, and get returned ${result.bytes.byteLength}`)
      }
    })
  }

  #expectReason (error: unknown, signal: AbortSignal): void {
    this.#init.guard(() => {
      if (!signal.aborted || error !== signal.reason) {
        broken('local', `a call that ${signal.aborted ? 'was aborted' : 'was not aborted'} ends with ${String(error)}`)
      }
    })
  }
}

/** The CID by which calls name a block. */
export function cidOf ({ cids: [cid] }: Block): Exclude<ReturnType<typeof decodeCid>, undefined> {
  return decodeCid(cid) ?? broken('crash', 'a CID of the simulation is malformed')
}
