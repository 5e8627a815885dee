/**
 * What one open request admits: its root, and what verified blocks of it link to.
 */
import { MAX_CID_LENGTH, isIdentity, multihashKey } from '@kitsune/bitswap-codec'
import { BudgetError } from '../errors.ts'
import { linksOf } from './links.ts'
import type { DigestTable } from './digests.ts'
import type { LinkCodecs } from './links.ts'
import type { PreloadLimits } from '../defaults.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { VerifiedBlock } from '@kitsune/want-router'
import type { CID } from 'multiformats/cid'

/** The limits of one request, and of the memory of all. */
export type GateLimits = Pick<PreloadLimits, 'blocks' | 'bytes' | 'depth' | 'links' | 'linkMemory' | 'linkWait'>

/** Which blocks of a request are admitted, and what is reported about them. */
export interface PassageInit {
  readonly roots: readonly CID[]
  /** How far below a root links are followed; -1: without end. */
  readonly maxDepth: number
  /** A client has sent a block of this request. */
  progress? (block: VerifiedBlock): void
  /** A want came that nothing links to yet: a member may hold the block that does. */
  unknown? (): void
  /** The request has exceeded a limit. Nothing more is admitted. */
  failed? (error: Error): void
}

/** What one open request admits. */
export interface Passage {
  /** The client with that peer id is asked from now on. */
  addClient (peer: string): void
  /** The client is no longer asked for blocks, except those that another request needs. */
  removeClient (peer: string): void
  /** Whether the block is known to be part of the requested DAG. */
  admits (key: WantKey): boolean
  /** Whether the links of the block are known. */
  isRead (key: WantKey): boolean
  /** Whether clients have been asked for blocks that have not arrived, even if the member has cancelled its want. */
  readonly waits: boolean
  /** A verified block that came another way: its links are admitted, if it is itself. Returns them. */
  read (cid: CID, bytes: Uint8Array): readonly CID[]
  /** Ends it, and frees its memory. */
  close (): void
}

interface PassageParts {
  readonly limits: GateLimits
  readonly codecs: LinkCodecs
  readonly table: DigestTable
  /** A block is admitted. */
  admitted (key: WantKey): void
  /** A client was added. */
  joined (): void
  /** More is admitted, or nothing any more. */
  grown (): void
  /** What was admitted is asked of other clients now, or of none. */
  changed (): void
  closed (): void
}

/** The passage of a request that is open. It ends with the request. */
export class OpenPassage implements Passage {
  readonly clients = new Set<string>()
  readonly init: PassageInit
  readonly #parts: PassageParts
  readonly #maxDepth: number
  /** Blocks that clients have been asked for and have not sent: whole keys, so that no other block with the same digest is accepted. */
  readonly #asked = new Set<WantKey>()
  readonly #roots: ReadonlySet<WantKey>
  #blocks = 0
  #bytes = 0
  #closed = false

  constructor (init: PassageInit, parts: PassageParts) {
    this.init = init
    this.#parts = parts
    this.#maxDepth = init.maxDepth === -1 ? Infinity : init.maxDepth
    this.#roots = new Set(init.roots.map(({ multihash }) => multihashKey(multihash.bytes)))
  }

  begin (): void {
    this.#roots.forEach(key => { this.#parts.table.hold(key) })
    this.#admitAll(this.init.roots, 0)
  }

  addClient (peer: string): void {
    this.clients.add(peer)
    this.#parts.changed()
    this.#parts.joined()
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

  get waits (): boolean {
    return this.#asked.size > 0
  }

  /** A member's want goes to clients. */
  asked (key: WantKey): void {
    if (!this.isRead(key)) {
      this.#asked.add(key)
      this.#parts.table.hold(key)
    }
  }

  read (cid: CID, bytes: Uint8Array): readonly CID[] {
    const { table } = this.#parts
    const key = multihashKey(cid.multihash.bytes)
    const depth = table.depth(key)

    return depth != null && table.expand(key) ? this.#follow(cid, bytes, depth) : []
  }

  verified (block: VerifiedBlock): void {
    const { table, limits } = this.#parts
    const depth = table.depth(block.key)

    if (this.#asked.delete(block.key) && !this.#roots.has(block.key)) {
      table.release(block.key)
    }

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
      this.#asked.clear()
      this.#parts.closed()
      this.#parts.grown()
      this.#parts.changed()
    }
  }

  #follow (cid: CID, bytes: Uint8Array, depth: number): readonly CID[] {
    const links = depth < this.#maxDepth ? linksOf(this.#parts.codecs, cid, bytes) : []

    if (this.#admitAll(links, depth + 1)) {
      this.#parts.grown()
    }

    return links
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

        continue
      }

      const key = multihashKey(multihash.bytes)

      if (!table.add(key, depth)) {
        this.#fail(table.size >= limits.links ? `more than ${limits.links} links` : 'more memory for its links than there is')

        return false
      }

      this.#parts.admitted(key)
    }

    return cids.length > 0
  }

  #fail (what: string): void {
    this.close()
    this.init.failed?.(new BudgetError(`The DAG has ${what}`))
  }
}
