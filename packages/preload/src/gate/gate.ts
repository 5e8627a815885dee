/**
 * What members may have of clients: the policy of the reverse direction.
 *
 * A member is served the root of an open request, and what verified blocks of that
 * request link to, by the clients of that request. For all else it hears nothing while
 * a request is open, since the block that links to it may be on its way, and DONT_HAVE
 * otherwise; no client is asked. So a member can neither guess what a client holds, nor
 * go on after the end, nor use one client's request to ask another client.
 */
import { MAX_CID_LENGTH, isIdentity, multihashKey } from '@kitsune/bitswap-codec'
import { DEFAULT_PRELOAD_LIMITS } from '../defaults.ts'
import { BudgetError } from '../errors.ts'
import { platformTimers } from '../timers.ts'
import { createDigestTable } from './digests.ts'
import { DEFAULT_LINK_CODECS, linksOf } from './links.ts'
import type { DigestTable, TableMemory } from './digests.ts'
import type { LinkCodecs } from './links.ts'
import type { PreloadLimits } from '../defaults.ts'
import type { Timers } from '../timers.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { Ask, Policy, PolicyControl, Verdict, VerifiedBlock } from '@kitsune/want-router'
import type { CID } from 'multiformats/cid'

/** The limits of one request, and of the memory of all. */
export type GateLimits = Pick<PreloadLimits, 'blocks' | 'bytes' | 'depth' | 'links' | 'linkMemory' | 'linkWait'>

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

export interface GateStatus {
  /** Open requests. */
  readonly open: number
  /** Memory of their links. */
  readonly linkBytes: number
}

export interface PassageInit {
  readonly roots: readonly CID[]
  /** How far below a root links are followed; -1: without end. */
  readonly maxDepth: number
  /** A client has sent a block of this request. */
  progress? (block: VerifiedBlock): void
  /** A want came that nothing links to yet: a member may hold the block that does. */
  unknown? (): void
  /** The request took more than it may. It admits nothing any more. */
  failed? (error: Error): void
}

/** What one open request admits. */
export interface Passage {
  /** The client with that peer id is asked from now on. */
  addClient (peer: string): void
  /** It is asked no more, for what no other request needs. */
  removeClient (peer: string): void
  /** Whether the block is part of what was asked for, as far as that is known. */
  admits (key: WantKey): boolean
  /** Whether the links of the block are known. */
  isRead (key: WantKey): boolean
  /** A verified block that came another way: its links are admitted, if it is itself. */
  read (cid: CID, bytes: Uint8Array): void
  /** Ends it, and frees what it knows. */
  close (): void
}

export function createGate (init: GateInit = {}): Gate {
  return new RequestGate(init)
}

/** Names no peer. */
const NO_CLIENT = '(none is connected)'

/** Wants that wait for the block that links to them. */
interface Waiting {
  readonly asks: readonly Ask[]
  decide (): void
}

class RequestGate implements Gate {
  readonly policy: Policy
  readonly #limits: GateLimits
  readonly #codecs: LinkCodecs
  readonly #timers: Timers
  readonly #memory: TableMemory
  readonly #open = new Set<OpenPassage>()
  #control: PolicyControl | undefined
  readonly #waiting = new Set<Waiting>()

  constructor ({ limits, codecs = DEFAULT_LINK_CODECS, timers = platformTimers }: GateInit) {
    this.#limits = { ...DEFAULT_PRELOAD_LIMITS, ...limits }
    this.#codecs = codecs
    this.#timers = timers
    this.#memory = { used: 0, max: this.#limits.linkMemory }
    this.policy = {
      name: 'preload',
      attach: control => { this.#control = control },
      admit: ask => this.#admit(ask),
      resolve: async (asks, signal) => this.#resolve(asks, signal),
      verified: block => { this.#verified(block) }
    }
  }

  open (init: PassageInit): Passage {
    const passage = new OpenPassage(init, {
      limits: this.#limits,
      codecs: this.#codecs,
      table: createDigestTable(this.#limits.links, this.#memory),
      grown: () => { this.#grown() },
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

  #admit ({ key, review }: Ask): Verdict | 'defer' {
    if (this.#open.size === 0) {
      return 'absent'
    }
    const only = this.#clientsFor(key)
    if (only != null) {
      // without any, the want stays until one connects
      return { only: only.length > 0 ? only : [NO_CLIENT] }
    }
    // what was admitted is so no more from the end of its request on
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

  async #resolve (asks: readonly Ask[], signal: AbortSignal): Promise<readonly Verdict[]> {
    const known = (): boolean => asks.every(({ key }) => this.#clientsFor(key) != null)
    await new Promise<void>(resolve => {
      const waiting: Waiting = {
        asks,
        decide: () => {
          if (this.#open.size === 0 || signal.aborted || known()) {
            end()
          }
        }
      }
      const end = (): void => {
        cancelTimer()
        signal.removeEventListener('abort', end)
        this.#waiting.delete(waiting)
        resolve()
      }
      const cancelTimer = this.#timers.after(this.#limits.linkWait, end)
      signal.addEventListener('abort', end)
      this.#waiting.add(waiting)
      for (const passage of this.#open) {
        passage.init.unknown?.()
      }
      waiting.decide()
    })
    return asks.map(ask => {
      const verdict = this.#admit(ask)
      return verdict === 'defer' ? 'silent' : verdict
    })
  }

  #grown (): void {
    for (const { decide } of this.#waiting) {
      decide()
    }
  }

  #verified (block: VerifiedBlock): void {
    for (const passage of this.#open) {
      passage.verified(block)
    }
  }
}

interface PassageParts {
  readonly limits: GateLimits
  readonly codecs: LinkCodecs
  readonly table: DigestTable
  /** More is admitted, or nothing any more. */
  grown (): void
  /** What was admitted is asked of other clients now, or of none. */
  changed (): void
  closed (): void
}

class OpenPassage implements Passage {
  readonly clients = new Set<string>()
  readonly init: PassageInit
  readonly #parts: PassageParts
  readonly #maxDepth: number
  #blocks = 0
  #bytes = 0
  #closed = false

  constructor (init: PassageInit, parts: PassageParts) {
    this.init = init
    this.#parts = parts
    this.#maxDepth = init.maxDepth === -1 ? Infinity : init.maxDepth
  }

  begin (): void {
    this.#admitAll(this.init.roots, 0)
  }

  addClient (peer: string): void {
    this.clients.add(peer)
    this.#parts.changed()
  }

  removeClient (peer: string): void {
    this.clients.delete(peer)
    this.#parts.changed()
  }

  admits (key: WantKey): boolean {
    return this.#parts.table.depth(key) != null
  }

  isRead (key: WantKey): boolean {
    return this.#parts.table.isExpanded(key)
  }

  read (cid: CID, bytes: Uint8Array): void {
    const { table } = this.#parts
    const key = multihashKey(cid.multihash.bytes)
    const depth = table.depth(key)
    if (depth != null && table.expand(key)) {
      this.#follow(cid, bytes, depth)
    }
  }

  verified (block: VerifiedBlock): void {
    const { table, limits } = this.#parts
    const depth = table.depth(block.key)
    if (depth == null || !table.expand(block.key)) {
      return
    }
    this.#blocks++
    this.#bytes += block.bytes.byteLength
    if (this.#blocks > limits.blocks || this.#bytes > limits.bytes) {
      this.#fail(this.#blocks > limits.blocks ? `more than ${limits.blocks} blocks` : `more than ${limits.bytes} bytes`)
      return
    }
    this.#follow(block.cid, block.bytes, depth)
    this.init.progress?.(block)
  }

  close (): void {
    if (!this.#closed) {
      this.#closed = true
      this.#parts.table.free()
      this.#parts.closed()
      this.#parts.grown()
      this.#parts.changed()
    }
  }

  #follow (cid: CID, bytes: Uint8Array, depth: number): void {
    if (depth < this.#maxDepth && this.#admitAll(linksOf(this.#parts.codecs, cid, bytes), depth + 1)) {
      this.#parts.grown()
    }
  }

  /** Whether there were any. */
  #admitAll (cids: readonly CID[], depth: number): boolean {
    const { table, limits, codecs } = this.#parts
    if (depth > limits.depth && cids.length > 0) {
      this.#fail(`blocks more than ${limits.depth} links deep`)
      return false
    }
    for (const cid of cids) {
      const { multihash, byteLength } = cid
      if (byteLength > MAX_CID_LENGTH) {
        continue // no node wants it
      }
      if (isIdentity(cid.bytes)) {
        // the CID is the block: no member asks for it, only for what it links to
        if (depth < this.#maxDepth) {
          this.#admitAll(linksOf(codecs, cid, multihash.digest), depth + 1)
        }
      } else if (!table.add(multihashKey(multihash.bytes), depth)) {
        this.#fail(table.size >= limits.links ? `more than ${limits.links} links` : 'more memory for its links than there is')
        return false
      }
    }
    return cids.length > 0
  }

  #fail (what: string): void {
    this.close()
    this.init.failed?.(new BudgetError(`The DAG has ${what}`))
  }
}
