import { capabilities } from '@kitsune/bitswap-codec'
import { cidText, receivedCid } from './blocks.ts'
import { dice } from './dice.ts'
import type { Block } from './blocks.ts'
import type { Scenario } from './scenario.ts'
import type { Trace } from './trace.ts'
import type { ClientLink, World } from '../world/world.ts'
import type { BitswapProtocol, Outgoing, WantEntry } from '@kitsune/bitswap-codec'

/**
 * What a peer does of its own accord: wants something, takes a want back, does both in one message,
 * maybe to one CID, sends a full list, sends far too many wants, asks again (what it wants, what it had), wants the block of what it has a HAVE
 * for, leaves, sends what is no want, reads at another pace, loses what it was sent.
 */
export type PeerAct = 'want' | 'cancel' | 'mixed' | 'full' | 'huge' | 'again' | 'upgrade' | 'leave' | 'odd' | 'pace' | 'lose'

export interface HostilePeer {
  readonly id: string
  /** Its protocol has words for having and lacking. */
  readonly presences: boolean
  act (act: PeerAct): void
  leave (): void
  /** From now on it reads at once, and does nothing else. */
  heal (): void
}

interface Wanted { readonly block: Block, readonly cid: Uint8Array, type: 'have' | 'block' }

const PROTOCOLS: readonly BitswapProtocol[] = ['/ipfs/bitswap/1.2.0', '/ipfs/bitswap/1.2.0', '/ipfs/bitswap/1.2.0', '/ipfs/bitswap/1.1.0', '/ipfs/bitswap/1.0.0']

export function hostilePeer (id: string, scenario: Scenario, world: World, trace: Trace): HostilePeer {
  const { clock } = world
  const { chance, int, pick } = dice(world.random(id))
  const { blocks } = scenario
  const most = scenario.limits.wantsPerClient ?? 1024
  const protocol = pick(PROTOCOLS)
  const { presences } = capabilities(protocol)
  const atOnce = chance(0.5)
  const mine = new Map<string, Wanted>()
  const had = new Map<string, Wanted>()
  let link: ClientLink | undefined
  let pace: 'prompt' | 'slow' | 'stopped' = pick(['prompt', 'prompt', 'slow', 'stopped'])
  let losing = false
  let reading = false
  let healed = false
  let priority = 0x7fffffff

  function connected (): ClientLink {
    if (link?.connected !== true) {
      link = world.connect(id, { wake: read, closed: forget, atOnce })
    }
    return link
  }

  function forget (): void {
    mine.clear()
    had.clear()
  }

  function send (entries: readonly WantEntry[], full = false): void {
    if (entries.length > 0 || full) {
      connected().send(entries, full)
    }
  }

  function entry ({ cid, type }: Wanted): WantEntry {
    // boxo counts down, Helia says 1, others may say anything
    const p = chance(0.6) ? priority-- : pick([1, 1, 0, -5, int(-100, 100)])
    return { cid, wantType: type, priority: p, cancel: false, sendDontHave: chance(0.8) }
  }

  function draw (): Wanted {
    const block = pick(blocks)
    return { block, cid: chance(0.7) ? block.cids[0] : pick(block.cids), type: presences && chance(scenario.haves) ? 'have' : 'block' }
  }

  /** A want, and that it is wanted. */
  function add (wanted: Wanted): WantEntry {
    const text = cidText(wanted.cid)
    const known = mine.get(text)
    mine.set(text, known?.type === 'block' ? known : wanted)
    return entry(wanted)
  }

  /** Reads as its pace says; one message after another while there are any. */
  function read (): void {
    if (reading || pace === 'stopped' || link?.connected !== true) {
      return
    }
    const message = link.take(pace === 'slow' ? int(1, 8192) : pick([1 << 20, 4096]), protocol)
    if (message == null) {
      return
    }
    if (losing && !healed) {
      trace.act(() => `${id} loses that message: its stream ended`)
    } else {
      received(message)
    }
    if (pace === 'prompt') {
      read()
      return
    }
    reading = true
    clock.after(int(1, 300), () => {
      reading = false
      read()
    })
  }

  function received ({ blocks = [] }: Outgoing): void {
    for (const { prefix, data } of blocks) {
      const text = cidText(receivedCid(prefix, data))
      const wanted = mine.get(text)
      if (wanted != null) {
        mine.delete(text)
        had.set(text, wanted)
        if (!healed && chance(0.5)) {
          clock.after(1, () => { thank(wanted.cid) })
        }
      }
    }
  }

  /** boxo cancels what it has got. */
  function thank (cid: Uint8Array): void {
    if (!mine.has(cidText(cid)) && link?.connected === true) {
      link.send([cancelOf(cid)])
    }
  }

  const acts: Record<PeerAct, () => void> = {
    want () { send(Array.from({ length: pick([1, 1, 2, 5, 12]) }, () => add(draw()))) },

    cancel () {
      const some = [...mine.values()].filter(() => chance(0.4))
      for (const { cid } of some) {
        mine.delete(cidText(cid))
      }
      send(some.map(({ cid }) => cancelOf(cid)))
      if (chance(0.1)) {
        send([cancelOf(pick(blocks).cids[0])]) // whether it wanted that or not
        mine.delete(cidText(pick(blocks).cids[0]))
      }
    },

    mixed () {
      const asked = new Set<string>()
      send(Array.from({ length: int(2, 6) }, (): WantEntry => {
        const wanted = draw()
        const text = cidText(wanted.cid)
        if (chance(0.5) && !asked.has(text)) {
          asked.add(text)
          return add(wanted)
        }
        mine.delete(text)
        return cancelOf(wanted.cid)
      }), chance(0.1) && mine.size === 0)
    },

    full () {
      const kept = [...mine.values()].filter(() => chance(0.6))
      mine.clear()
      const added = Array.from({ length: pick([0, 1, 3, most]) }, draw)
      send([...kept, ...added].map(add), true)
    },

    huge () {
      send(Array.from({ length: most + int(1, 200) }, () => add(draw())), chance(0.3))
    },

    again () {
      const some = [...mine.values(), ...had.values()].filter(() => chance(0.4))
      send(some.map(wanted => add({ ...wanted, type: presences && chance(scenario.haves) ? 'have' : 'block' })))
    },

    upgrade () {
      send([...mine.values()].filter(({ type }) => type === 'have').map(wanted => add({ ...wanted, type: 'block' })))
    },

    leave () {
      if (link?.connected === true) {
        trace.act(() => `${id} leaves`)
        const wanted = [...mine.values()]
        leave()
        // a client comes back and wants what it wanted
        if (chance(0.5)) {
          clock.after(int(0, 2000), () => {
            if (!healed) {
              send(wanted.map(add))
            }
          })
        }
      }
    },

    odd () {
      const identity = Uint8Array.from([1, 0x55, 0, 3, ...Array.from({ length: 3 }, () => int(0, 255))])
      const long = new Uint8Array(200).fill(1)
      send(pick([
        [],
        [{ cid: identity, wantType: 'block', priority: 1, cancel: false, sendDontHave: true }],
        [{ cid: pick([long, new Uint8Array(), Uint8Array.of(7, 7)]), wantType: 'block', priority: 1, cancel: chance(0.2), sendDontHave: true }, add(draw())],
        [cancelOf(pick(blocks).cids[2])].filter(({ cid }) => !mine.has(cidText(cid)))
      ] as const), chance(0.1) && mine.size === 0)
    },

    pace () {
      pace = pick(['prompt', 'slow', 'stopped'])
      trace.act(() => `${id} reads ${pace}`)
      read()
    },

    lose () {
      losing = !losing
      if (!losing) {
        // the network asks again for what did not arrive
        send([...mine.values()].map(add))
      }
    }
  }

  function leave (): void {
    link?.leave()
    forget()
  }

  return {
    id,
    presences,
    leave,
    act (act) {
      trace.act(() => `${id}: ${act}`)
      acts[act]()
    },
    heal () {
      healed = true
      pace = 'prompt'
      read()
    }
  }
}

function cancelOf (cid: Uint8Array): WantEntry {
  return { cid, wantType: 'block', priority: 0, cancel: true, sendDontHave: false }
}
