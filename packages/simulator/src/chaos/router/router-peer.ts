import { cidPrefix, wantKey } from '@kitsune/bitswap-codec'
import { contentBlock } from '../../world/content.ts'
import { broken } from '../errors.ts'
import { cidText, printCid, printKey, receivedCid } from '../scenario/blocks.ts'
import type { PeerEnd } from './fake-network.ts'
import type { Block } from '../scenario/blocks.ts'
import type { Dice } from '../scenario/dice.ts'
import type { BitswapMessage, Outgoing, WantEntry, WantKey } from '@kitsune/bitswap-codec'
import type { FakeClock } from '@kitsune/want-router/testing'

/** Which side of the router a peer is on. */
export type Side = 'node' | 'client'

/** What a peer gets from its run. */
export interface RouterPeerContext {
  readonly clock: FakeClock
  readonly dice: Dice
  /** The blocks that peers of each side hold, and that those of the other want. */
  readonly blocks: Readonly<Record<Side, readonly Block[]>>
  /** Keys that the peers of a side, or calls within the process, have ever wanted. */
  readonly wanted: Readonly<Record<Side, Set<WantKey>>>
  /** The most wants that it may have. */
  readonly most: number
  /** Called when it says that it has a block, or sends one. */
  claims (peer: RouterPeer, key: WantKey): void
  send (peer: RouterPeer, message: Partial<BitswapMessage>): void
  /** Runs code that may break an invariant: the driver would catch what is thrown within its calls. */
  guard (run: () => void): void
}

/** The longest time that a peer which is not slow takes to answer, ms. */
export const PEER_LATENCY = 100

// how it answers: with the truth, with DONT_HAVE whatever it holds, with another block, not at all, or after a while
const MODES = { honest: 8, absent: 1, corrupt: 1, silent: 1, slow: 2 } as const

/** A peer of a router in both directions: it wants what the other side holds, and answers what it is asked for. */
export class RouterPeer implements PeerEnd {
  readonly id: string
  readonly side: Side
  readonly atOnce: boolean
  readonly holds: ReadonlySet<WantKey>
  /** The wants that it waits for, by CID. */
  readonly wants = new Map<string, WantEntry>()
  /** The list that it keeps of what it is asked for. */
  readonly asked = new Map<WantKey, WantEntry>()
  /** Whether it was asked for something, and whether it was served something. */
  served = false
  readonly #context: RouterPeerContext
  readonly #everWanted = new Set<string>()
  readonly #latency: number
  #life = 0
  #healed = false

  constructor (id: string, side: Side, context: RouterPeerContext) {
    const { chance, int } = context.dice
    this.id = id
    this.side = side
    this.#context = context
    this.atOnce = chance(0.5)
    this.holds = new Set(context.blocks[side].filter(() => chance(0.4)).map(({ key }) => key))
    this.#latency = int(1, PEER_LATENCY)
  }

  /** Keys of the blocks that it waits for. */
  get missing (): WantKey[] { return Array.from(this.wants.values(), ({ cid }) => wantKey(cid) ?? '') }

  want (count: number): void {
    const { chance, pick } = this.#context.dice
    const { wanted, blocks, most } = this.#context
    const entries = Array.from({ length: Math.min(count, most - this.wants.size) }, (): WantEntry => {
      const block = pick(blocks[this.side === 'node' ? 'client' : 'node'])
      wanted[this.side].add(block.key)

      return { cid: pick(block.cids), wantType: chance(0.3) ? 'have' : 'block', priority: 1, cancel: false, sendDontHave: chance(0.8) }
    })

    for (const entry of entries) {
      const known = this.wants.get(cidText(entry.cid))
      this.wants.set(cidText(entry.cid), known?.wantType === 'block' ? known : entry)
      this.#everWanted.add(cidText(entry.cid))
    }

    this.#context.send(this, { wants: entries })
  }

  cancel (): void {
    const some = [...this.wants].filter(() => this.#context.dice.chance(0.5))
    some.forEach(([text]) => { this.wants.delete(text) })
    this.#context.send(this, { wants: some.map(([, entry]) => ({ ...entry, cancel: true })) })
  }

  /** Sends a full wantlist, which replaces the one before. */
  sendAll (): void {
    this.#context.send(this, { wants: [...this.wants.values()], full: true })
  }

  /** Sends a block that it holds, asked for or not. */
  babble (): void {
    const [block] = this.#context.blocks[this.side].filter(({ key }) => this.holds.has(key) && this.#context.dice.chance(0.3))

    if (block != null) {
      this.#sendBlock(block.cids[0], block)
    }
  }

  forget (): void {
    this.#life++
    this.asked.clear()
    this.wants.clear()
  }

  /** From now on it is honest. */
  heal (): void {
    this.#healed = true

    for (const key of this.asked.keys()) {
      this.#later(1, () => { this.#tell(key) })
    }
  }

  hear ({ wants = [], full, blocks = [], presences = [] }: Outgoing): void {
    this.#context.guard(() => {
      if (full === true) {
        this.asked.clear()
      }

      wants.forEach(entry => { this.#onAsked(entry) })
      presences.forEach(({ cid, have }) => { this.#onPresence(cid, have) })
      blocks.forEach(({ prefix, data }) => { this.#onBlock(receivedCid(prefix, data)) })
    })
  }

  #onAsked (entry: WantEntry): void {
    const key = wantKey(entry.cid) ?? ''

    if (entry.cancel) {
      this.asked.delete(key)

      return
    }

    const other = this.side === 'node' ? 'client' : 'node'

    if (!this.#context.wanted[other].has(key)) {
      broken('crossing', `the ${this.side} ${this.id} is asked for ${printKey(key)}, which no ${other} has wanted`)
    }

    this.asked.set(key, entry)
    const mode = this.#healed ? 'honest' : this.#context.dice.weighted(MODES)
    this.#later(mode === 'slow' ? this.#context.dice.int(100, 8000) : this.#latency, () => { this.#answer(key, mode) })
  }

  #onPresence (cid: Uint8Array, have: boolean): void {
    const text = cidText(cid)

    if (!this.#everWanted.has(text)) {
      broken('crossing', `the ${this.side} ${this.id} is told of ${printCid(cid)}, which it has never wanted`)
    }

    if (have && this.wants.get(text)?.wantType === 'have') {
      this.wants.delete(text)
    }
  }

  #onBlock (cid: Uint8Array): void {
    if (!this.#everWanted.has(cidText(cid))) {
      broken('crossing', `the ${this.side} ${this.id} gets ${printCid(cid)}, which it has never wanted`)
    }

    this.wants.delete(cidText(cid))
    this.served = true
  }

  #answer (key: WantKey, mode: keyof typeof MODES): void {
    if (this.#healed) {
      this.#tell(key)
    } else if (mode === 'absent') {
      this.#say(key, false)
    } else if (mode === 'corrupt') {
      const entry = this.asked.get(key)

      if (entry != null) {
        this.#sendBlock(entry.cid, this.#context.dice.pick(this.#context.blocks[this.side]))
      }
    } else if (mode !== 'silent') {
      this.#tell(key)
    }
  }

  /** Answers the truth about what it is asked for. */
  #tell (key: WantKey): void {
    const entry = this.asked.get(key)
    const block = this.#context.blocks[this.side].find(block => block.key === key)

    if (entry == null) {
      return // cancelled meanwhile
    }

    if (block == null || !this.holds.has(key)) {
      this.#say(key, false)
    } else if (entry.wantType === 'have') {
      this.#say(key, true)
    } else {
      this.asked.delete(key)
      this.#sendBlock(entry.cid, block)
    }
  }

  #say (key: WantKey, have: boolean): void {
    const entry = this.asked.get(key)

    if (entry != null) {
      if (have) {
        this.#context.claims(this, key)
      }

      this.#context.send(this, { presences: [{ cid: entry.cid, have }] })
    }
  }

  #sendBlock (cid: Uint8Array, { key, size }: Block): void {
    this.#context.claims(this, key)
    this.#context.send(this, { blocks: [{ prefix: cidPrefix(cid), data: contentBlock(key, size) }] })
  }

  /** Runs it if this connection is still open. */
  #later (ms: number, act: () => void): void {
    const life = this.#life
    this.#context.clock.after(ms, () => {
      if (this.#life === life) {
        act()
      }
    })
  }
}
