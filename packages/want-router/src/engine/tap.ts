import { ReentryError } from '../errors.ts'
import type { Engine, Input, Output, VerdictAsk } from './io.ts'
import type { Taken } from './replies.ts'
import type { WantEnd } from './status.ts'
import type { HashFunction } from './verifiability.ts'
import type { Limits } from '../defaults.ts'
import type { CancelledWant, MemberInit, TargetWant } from '../targets/target.ts'
import type { BitswapProtocol } from '@kitsune/bitswap-codec'

/**
 * The version of the records and of the engine's decisions: increased when an older recording would be
 * misunderstood, or would not replay to the same decisions.
 */
export const RECORDING_FORMAT = 3

/**
 * Every input and output of an engine, in order. Together with the strategy, the records
 * since `start` determine all decisions: replayed, they lead to the same ones.
 */
export type TapRecord = { readonly at: number } & (
  /** The engine was made: its configuration without the strategy, which is code. */
  | { readonly t: 'start', readonly format: number, readonly seed: number, readonly randomSeed: number, readonly members: readonly MemberInit[], readonly limits: Limits, readonly hashes?: readonly HashFunction[], readonly admission?: boolean }
  | { readonly t: 'put', readonly input: Input }
  | { readonly t: 'flush', readonly said: readonly Decision[] }
  | { readonly t: 'take', readonly client: string, readonly maxBytes: number, readonly protocol: BitswapProtocol, readonly message?: Taken }
)

/** What a flush decided. */
export type Decision =
  | { readonly t: 'ask', readonly member: string, readonly wants: readonly TargetWant[] }
  | { readonly t: 'cancel', readonly member: string, readonly wants: readonly CancelledWant[] }
  | { readonly t: 'ready', readonly client: string }
  | { readonly t: 'close', readonly client: string, readonly why: string }
  | { readonly t: 'admit', readonly client: string, readonly asks: readonly VerdictAsk[] }
  | { readonly t: 'ended', readonly ends: readonly WantEnd[] }
  | { readonly t: 'reset', readonly member: string, readonly why: string }
  | { readonly t: 'drained', readonly member: string }

/**
 * Is called with every record as it happens, within the engine's call: it must neither
 * throw nor call the engine, and must copy bytes that it keeps.
 */
export type Tap = (record: TapRecord) => void

/**
 * Wraps an engine so that a tap is shown its inputs and outputs; `time` is the engine's
 * own clock. It throws a `ReentryError` if it is called from inside its own flush: a
 * recording could not replay that.
 */
export function tapped (engine: Engine, time: () => number, tap: Tap): Engine {
  let flushing = false

  function expectOutside (): void {
    if (flushing) {
      throw new ReentryError()
    }
  }

  return {
    put (input) {
      expectOutside()
      engine.put(input)
      tap({ at: time(), t: 'put', input })
    },

    flush (out) {
      expectOutside()
      const said: Decision[] = []
      flushing = true

      try {
        engine.flush(listenedTo(out, said))
      } finally {
        flushing = false
      }

      tap({ at: time(), t: 'flush', said })
    },

    take (peer, maxBytes, protocol) {
      expectOutside()
      const message = engine.take(peer, maxBytes, protocol)
      tap({ at: time(), t: 'take', client: peer, maxBytes, protocol, message })

      return message
    },

    expects: (member, prefix) => engine.expects(member, prefix),
    isWanted: key => engine.isWanted(key),
    awaits: (client, ask) => engine.awaits(client, ask),
    get dirty () { return engine.dirty },
    get deadline () { return engine.deadline },
    status: () => engine.status(),
    get unsent () { return engine.unsent },
    get anyUp () { return engine.anyUp },
    member: id => engine.member(id),
    idleFor: peer => engine.idleFor(peer),
    watchAttempts (listener) { engine.watchAttempts(listener) },
    checkInvariants () { engine.checkInvariants() }
  }
}

/** Wraps an output so that what a flush decides is also added to a list. */
function listenedTo (out: Output, said: Decision[]): Output {
  return {
    ask (member, wants) {
      said.push({ t: 'ask', member, wants })
      out.ask(member, wants)
    },
    cancel (member, wants) {
      said.push({ t: 'cancel', member, wants })
      out.cancel(member, wants)
    },
    ready (peer) {
      said.push({ t: 'ready', client: peer })
      out.ready(peer)
    },
    close (peer, why) {
      said.push({ t: 'close', client: peer, why })
      out.close(peer, why)
    },
    reset (member, why) {
      said.push({ t: 'reset', member, why })
      out.reset(member, why)
    },
    admit (client, asks) {
      said.push({ t: 'admit', client, asks })
      out.admit?.(client, asks)
    },
    changed (members) { out.changed?.(members) },
    drained (member) {
      said.push({ t: 'drained', member })
      out.drained?.(member)
    },
    ended (ends) {
      said.push({ t: 'ended', ends })
      out.ended?.(ends)
    }
  }
}
