import { capabilities } from '@kitsune/bitswap-codec'
import { block, cidText, receivedCid } from '../scenario/blocks.ts'
import { createDice } from '../scenario/dice.ts'
import { ClientConnections } from './client-connections.ts'
import { cancelOf, oddWants } from './entries.ts'
import type { ClientLink, World } from '../../world/world.ts'
import type { ClientAct } from '../scenario/acts.ts'
import type { Block } from '../scenario/blocks.ts'
import type { Dice } from '../scenario/dice.ts'
import type { ClientDraw, Scenario } from '../scenario/scenario.ts'
import type { Trace } from '../trace.ts'
import type { BitswapProtocol, Outgoing, WantEntry } from '@kitsune/bitswap-codec'

interface Wanted { readonly block: Block, readonly cid: Uint8Array, type: 'have' | 'block' }

// numbers of blocks that no member has
const ABSENT = 1_000_000

/** A client that the run controls. */
export class HostileClient {
  readonly id: string
  /** Whether its protocol supports HAVE and DONT_HAVE. */
  readonly presences: boolean
  /** Whether it takes messages as soon as it is woken, like a network whose stream has space. */
  readonly atOnce: boolean
  readonly #scenario: Scenario
  readonly #world: World
  readonly #trace: Trace
  readonly #dice: Dice
  readonly #protocol: BitswapProtocol
  readonly #standsFor: string | undefined
  readonly #mine = new Map<string, Wanted>()
  readonly #had = new Map<string, Wanted>()
  readonly #acts: Readonly<Record<ClientAct, () => void>>
  #link: ClientLink | undefined
  #pace: 'prompt' | 'slow' | 'stopped'
  #losing = false
  #reading = false
  #healed = false
  #priority = 0x7fffffff
  /** It sends its messages on one that is heard. */
  readonly #connections: ClientConnections

  constructor ({ id, protocol, standsFor }: ClientDraw, scenario: Scenario, world: World, trace: Trace) {
    this.id = id
    this.#scenario = scenario
    this.#world = world
    this.#trace = trace
    this.#dice = createDice(world.random(id))
    this.#protocol = protocol
    this.presences = capabilities(protocol).presences
    this.atOnce = this.#dice.chance(0.5)
    this.#standsFor = standsFor
    this.#connections = new ClientConnections((connection, is) => { world.driver.connection(id, connection, is) })
    this.#pace = this.#dice.pick(['prompt', 'prompt', 'slow', 'stopped'])
    this.#acts = {
      want: () => { this.#wants() },
      cancel: () => { this.#cancels() },
      mixed: () => { this.#mixes() },
      full: () => { this.#sendsFullList() },
      huge: () => { this.#send(Array.from({ length: this.#most + this.#dice.int(1, 200) }, () => this.#add(this.#draw())), this.#dice.chance(0.3)) },
      again: () => { this.#asksAgain() },
      upgrade: () => { this.#send([...this.#mine.values()].filter(({ type }) => type === 'have').map(wanted => this.#add({ ...wanted, type: 'block' }))) },
      leave: () => { this.#leavesForAWhile() },
      odd: () => { this.#sendsOddEntries() },
      pace: () => { this.#changesPace() },
      lose: () => { this.#losesMessages() },
      connection: () => { this.#changesConnection() }
    }
  }

  act (act: ClientAct): void {
    this.#trace.act(() => `${this.id}: ${act}`)
    this.#acts[act]()
  }

  /** Asks for HAVEs of `count` blocks that no member has; returns a function that cancels them. */
  askInVain (count: number): () => void {
    const cids = Array.from({ length: count }, (_, i) => block(ABSENT + i, 0).cids[0])
    this.#send(cids.map(cid => ({ cid, wantType: 'have', priority: 1, cancel: false, sendDontHave: true })))

    return () => { this.#send(cids.map(cancelOf)) }
  }

  leave (): void {
    this.#link?.leave()
    this.#forget()
  }

  /** From now on it only reads, at once, and all its connections are heard. */
  heal (): void {
    this.#healed = true
    this.#connections.heal()
    this.#pace = 'prompt'
    this.#read()
  }

  get #most (): number { return this.#scenario.limits.wantsPerClient ?? 1024 }

  #connected (): ClientLink {
    if (this.#link?.connected !== true) {
      this.#link = this.#world.connect(this.id, { wake: () => { this.#read() }, closed: () => { this.#forget() }, atOnce: this.atOnce })
      this.#connections.begin()

      if (this.#standsFor != null) {
        this.#world.driver.standsFor(this.id, this.#standsFor)
      }
    }

    return this.#link
  }

  #forget (): void {
    this.#mine.clear()
    this.#had.clear()
  }

  #send (entries: readonly WantEntry[], full = false): void {
    if (entries.length > 0 || full) {
      const link = this.#connected()
      const { heard } = this.#connections

      if (link.connected && heard.length > 0) {
        this.#world.driver.message(this.id, { wants: [...entries], full }, this.#dice.pick(heard))
      }
    }
  }

  #entry ({ cid, type }: Wanted): WantEntry {
    const { chance, int, pick } = this.#dice
    // boxo counts down, Helia says 1, others may say anything
    const priority = chance(0.6) ? this.#priority-- : pick([1, 1, 0, -5, int(-100, 100)])

    return { cid, wantType: type, priority, cancel: false, sendDontHave: chance(0.8) }
  }

  #draw (): Wanted {
    const { chance, pick } = this.#dice
    const block = pick(this.#scenario.blocks)

    return { block, cid: chance(0.7) ? block.cids[0] : pick(block.cids), type: this.#type() }
  }

  #type (): Wanted['type'] {
    return this.presences && this.#dice.chance(this.#scenario.haves) ? 'have' : 'block'
  }

  /** Remembers a want, and returns its entry. */
  #add (wanted: Wanted): WantEntry {
    const text = cidText(wanted.cid)
    const known = this.#mine.get(text)
    this.#mine.set(text, known?.type === 'block' ? known : wanted)

    return this.#entry(wanted)
  }

  /** Reads at its pace, one message after another while there are any. */
  #read (): void {
    if (this.#reading || this.#pace === 'stopped' || this.#link?.connected !== true) {
      return
    }

    const { int, pick } = this.#dice

    for (;;) {
      const message = this.#link.take(this.#pace === 'slow' ? int(1, 8192) : pick([1 << 20, 4096]), this.#protocol)

      if (message == null) {
        return
      }

      if (this.#losing && !this.#healed) {
        this.#trace.act(() => `${this.id} loses that message: its stream ended`)
      } else {
        this.#received(message)
      }

      if (this.#pace !== 'prompt') {
        break
      }
    }

    this.#reading = true
    this.#world.clock.after(int(1, 300), () => {
      this.#reading = false
      this.#read()
    })
  }

  #received ({ blocks = [] }: Outgoing): void {
    for (const { prefix, data } of blocks) {
      const text = cidText(receivedCid(prefix, data))
      const wanted = this.#mine.get(text)

      if (wanted != null) {
        this.#mine.delete(text)
        this.#had.set(text, wanted)

        if (!this.#healed && this.#dice.chance(0.5)) {
          this.#world.clock.after(1, () => { this.#thank(wanted.cid) })
        }
      }
    }
  }

  /** Cancels blocks that it has got, as boxo does. */
  #thank (cid: Uint8Array): void {
    if (!this.#mine.has(cidText(cid)) && this.#link?.connected === true) {
      this.#send([cancelOf(cid)])
    }
  }

  #wants (): void {
    this.#send(Array.from({ length: this.#dice.pick([1, 1, 2, 5, 12, 40]) }, () => this.#add(this.#draw())))
  }

  #cancels (): void {
    const { chance, pick } = this.#dice
    const some = [...this.#mine.values()].filter(() => chance(0.4))

    for (const { cid } of some) {
      this.#mine.delete(cidText(cid))
    }

    this.#send(some.map(({ cid }) => cancelOf(cid)))

    if (chance(0.1)) {
      const [cid] = pick(this.#scenario.blocks).cids
      this.#mine.delete(cidText(cid))
      this.#send([cancelOf(cid)]) // wanted or not
    }
  }

  #mixes (): void {
    const { chance, int } = this.#dice
    const asked = new Set<string>()
    this.#send(Array.from({ length: int(2, 6) }, (): WantEntry => {
      const wanted = this.#draw()
      const text = cidText(wanted.cid)

      if (chance(0.5) && !asked.has(text)) {
        asked.add(text)

        return this.#add(wanted)
      }

      this.#mine.delete(text)

      return cancelOf(wanted.cid)
    }), chance(0.1) && this.#mine.size === 0)
  }

  #sendsFullList (): void {
    const { chance, pick } = this.#dice
    const kept = [...this.#mine.values()].filter(() => chance(0.6))
    this.#mine.clear()
    const added = Array.from({ length: pick([0, 1, 3, this.#most]) }, () => this.#draw())
    this.#send([...kept, ...added].map(wanted => this.#add(wanted)), true)
  }

  #asksAgain (): void {
    const some = [...this.#mine.values(), ...this.#had.values()].filter(() => this.#dice.chance(0.4))
    this.#send(some.map(wanted => this.#add({ ...wanted, type: this.#type() })))
  }

  #leavesForAWhile (): void {
    if (this.#link?.connected !== true) {
      return
    }

    const { chance, int } = this.#dice
    this.#trace.act(() => `${this.id} leaves`)
    const wanted = [...this.#mine.values()]
    this.leave()

    // a client comes back with its old wants
    if (chance(0.5)) {
      this.#world.clock.after(int(0, 2000), () => {
        if (!this.#healed) {
          this.#send(wanted.map(wanted => this.#add(wanted)))
        }
      })
    }
  }

  #sendsOddEntries (): void {
    const { chance, pick } = this.#dice
    const entries = pick([
      [],
      oddWants(this.#dice),
      [...oddWants(this.#dice), this.#add(this.#draw())],
      [cancelOf(pick(this.#scenario.blocks).cids[1])].filter(({ cid }) => !this.#mine.has(cidText(cid)))
    ])
    this.#send(entries, chance(0.1) && this.#mine.size === 0)
  }

  #changesPace (): void {
    this.#pace = this.#dice.pick(['prompt', 'slow', 'stopped'])
    this.#trace.act(() => `${this.id} reads ${this.#pace}`)
    this.#read()
  }

  #losesMessages (): void {
    this.#losing = !this.#losing

    if (!this.#losing) {
      // the network asks again for blocks that did not arrive
      this.#send([...this.#mine.values()].map(wanted => this.#add(wanted)))
    }
  }

  #changesConnection (): void {
    if (this.#link?.connected === true) {
      this.#connections.change(this.#dice)
    }
  }
}
