/**
 * What members may have of clients: the policy of the reverse direction.
 *
 * A member is served the root of an open request, and what verified blocks of that request link
 * to, by the clients of that request. Any other want gets no answer while a request is open,
 * since the block that links to it may be on its way, and DONT_HAVE otherwise; no client is
 * asked. So a member can neither guess what a client has, nor continue after the end of a
 * request, nor use one client's request to ask another client.
 *
 * A member that wanted a block before a request came for it, for another of its users
 * or while the other processes could not be reached, does not send that want again. So
 * the latest wants that were refused are remembered, and put again when they are admitted.
 */
import { DEFAULT_PRELOAD_LIMITS } from '../defaults.ts'
import { platformTimers } from '../timers.ts'
import { createDigestTable } from './digests.ts'
import { DEFAULT_LINK_CODECS } from './links.ts'
import { OpenPassage } from './passage.ts'
import { createRefusedWants } from './refused-wants.ts'
import { createWaitingWants } from './waiting-wants.ts'
import type { MapMemory } from './digest-map.ts'
import type { LinkCodecs } from './links.ts'
import type { GateLimits, Passage, PassageInit } from './passage.ts'
import type { RefusedWants } from './refused-wants.ts'
import type { WaitingWants } from './waiting-wants.ts'
import type { Timers } from '../timers.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { Ask, Policy, PolicyControl, Verdict, VerifiedBlock } from '@kitsune/want-router'

/** Options of a gate. */
export interface GateInit {
  readonly limits?: Partial<GateLimits>
  /** Default {@link DEFAULT_LINK_CODECS}. */
  readonly codecs?: LinkCodecs
  /** Default: the platform's. */
  readonly timers?: Timers
}

/** Opens the reverse direction for requests. */
export interface Gate {
  /** For `policies` of the reverse direction: the only one, or the last. */
  readonly policy: Policy
  open (passage: PassageInit): Passage
  status (): GateStatus
}

/** The state of a gate. */
export interface GateStatus {
  /** Open requests. */
  readonly open: number
  /** Memory of their links. */
  readonly linkBytes: number
}

/** Creates a gate without open requests, which admits nothing. */
export function createGate (init: GateInit = {}): Gate {
  return new RequestGate(init)
}

/** Names no peer. */
const NO_CLIENT = '(none is connected)'
/** Blocks whose refused wants are remembered: some thousand, as a node wants. */
const MAX_REFUSED = 8192

class RequestGate implements Gate {
  readonly policy: Policy
  readonly #limits: GateLimits
  readonly #codecs: LinkCodecs
  readonly #timers: Timers
  readonly #memory: MapMemory
  readonly #open = new Set<OpenPassage>()
  #control: PolicyControl | undefined
  readonly #waiting: WaitingWants
  readonly #refused: RefusedWants = createRefusedWants(MAX_REFUSED)

  constructor ({ limits, codecs = DEFAULT_LINK_CODECS, timers = platformTimers }: GateInit) {
    this.#limits = { ...DEFAULT_PRELOAD_LIMITS, ...limits }
    this.#codecs = codecs
    this.#timers = timers
    this.#waiting = createWaitingWants(this.#timers, this.#limits.linkWait)
    this.#memory = { used: 0, max: this.#limits.linkMemory }
    this.policy = {
      name: 'preload',
      attach: control => { this.#control = control },
      admit: ask => this.#admit(ask),
      resolve: async (asks, signal) => this.#resolve(asks, signal),
      verified: block => { this.#verified(block) },
      gone: member => { this.#refused.gone(member) }
    }
  }

  open (init: PassageInit): Passage {
    const passage = new OpenPassage(init, {
      limits: this.#limits,
      codecs: this.#codecs,
      table: createDigestTable(this.#limits.links, this.#memory),
      admitted: key => { this.#admitted(key) },
      joined: () => {
        if (this.#refused.size > 0) {
          init.unknown?.()
        }
      },
      grown: () => { this.#waiting.review() },
      changed: () => { this.#control?.review() },
      closed: () => { this.#open.delete(passage) }
    })
    this.#open.add(passage)
    passage.begin()

    return passage
  }

  status (): GateStatus {
    return { open: this.#open.size, linkBytes: this.#memory.used }
  }

  #admit (ask: Ask): Verdict | 'defer' {
    const verdict = this.#decide(ask)

    if (typeof verdict === 'object') {
      this.#refused.delete(ask)
    } else if (verdict !== 'defer') {
      this.#refused.add(ask)
    }

    return verdict
  }

  #decide ({ key, review }: Ask): Verdict | 'defer' {
    if (this.#open.size === 0) {
      return 'absent'
    }

    const only = this.#clientsFor(key)

    if (only != null) {
      for (const passage of this.#open) {
        if (passage.admits(key)) {
          passage.asked(key)
        }
      }

      // without a client, the want stays until one connects
      return { only: only.length > 0 ? only : [NO_CLIENT] }
    }

    // blocks are no longer admitted once their request has ended
    return review ? 'silent' : 'defer'
  }

  /** The clients of all requests that the block is part of; undefined: it is part of none. */
  #clientsFor (key: WantKey): string[] | undefined {
    let clients: Set<string> | undefined

    for (const passage of this.#open) {
      if (passage.admits(key)) {
        clients = new Set([...clients ?? [], ...passage.clients])
      }
    }

    return clients == null ? undefined : [...clients]
  }

  /** Waits for the blocks that link to the wanted ones: they may be on their way, or at a member. */
  async #resolve (asks: readonly Ask[], signal: AbortSignal): Promise<readonly Verdict[]> {
    const decided = this.#waiting.wait(() => this.#open.size === 0 || asks.every(({ key }) => this.#clientsFor(key) != null), signal)

    for (const passage of this.#open) {
      passage.init.unknown?.()
    }

    await decided

    return asks.map(ask => {
      const verdict = this.#admit(ask)

      if (verdict !== 'defer') {
        return verdict
      }

      this.#refused.add(ask)

      return 'silent'
    })
  }

  /** A block is part of an open request now, and members may have wanted it before. */
  #admitted (key: WantKey): void {
    this.#refused.take(key).forEach(ask => this.#control?.repeat(ask))
  }

  #verified (block: VerifiedBlock): void {
    for (const passage of this.#open) {
      passage.verified(block)
    }
  }
}
