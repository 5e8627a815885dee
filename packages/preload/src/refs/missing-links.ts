import { multihashKey } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import type { RefsRoot } from './arg.ts'
import type { Passage } from '../gate/passage.ts'

/**
 * The links of blocks that a member had before the request. The gate has not seen these blocks,
 * so it does not know their links, which the member wants next. When a member wants a block
 * that no known block links to, they are read from the members; so a preload that was
 * interrupted continues.
 */
export interface MissingLinks {
  /** The root of the request. */
  know (root: RefsRoot): void
  /** A member has listed the block, so it has it. */
  listed (ref: string): void
  /** A member wants a block that no known block links to. */
  read (): void
}

/** Reads a verified block that some member has; rejects if none has it. */
export type ReadBlock = (cid: CID, signal: AbortSignal) => Promise<Uint8Array>

interface MissingLinksInit {
  readonly passage: Passage
  readonly read: ReadBlock
  /** Whether to follow the links of blocks that were read, for processes in which no member lists its blocks. Default false. */
  readonly walk?: boolean
  readonly signal: AbortSignal
  /** How long a want waits for the block that links to it, ms. */
  readonly wait: number
  /** Monotonic time, ms. */
  now (): number
}

/** How many listed blocks are kept, the newest ones: the missing link is most likely in one of them. */
const MAX_UNREAD = 4096
const CONCURRENCY = 8

/** Creates a search for missing links; with `walk` it starts at the root. */
export function createMissingLinks ({ passage, read, walk = false, signal, wait, now }: MissingLinksInit): MissingLinks {
  const unread: CID[] = []
  let reading = 0
  /** The time until which some want waits. */
  let until = 0

  function next (): void {
    while (now() < until && reading < CONCURRENCY) {
      const cid = unread.pop()

      if (cid == null) {
        return
      }

      if (!passage.isRead(multihashKey(cid.multihash.bytes))) {
        start(cid)
      }
    }
  }

  function start (cid: CID): void {
    reading++
    // one that no member has passes when a client sends it
    read(cid, signal).then(bytes => {
      const links = passage.read(cid, bytes)

      if (walk) {
        // members fetch the first link of a block first
        links.toReversed().forEach(link => { note(link) })
      }
    }, () => {}).finally(() => {
      reading--
      next()
    })
  }

  function note (cid: CID): void {
    if (cid.code === raw.code || passage.isRead(multihashKey(cid.multihash.bytes))) {
      return
    }

    unread.push(cid)

    if (unread.length > 2 * MAX_UNREAD) {
      unread.splice(0, MAX_UNREAD)
    }
  }

  return {
    know ({ cid }) {
      unread.push(cid)
    },

    listed (ref) {
      const cid = parse(ref)

      if (cid != null) {
        note(cid)
        next()
      }
    },

    read () {
      until = now() + wait
      next()
    }
  }
}

/** A CID, or the target of an edge. */
function parse (ref: string): CID | undefined {
  try {
    return CID.parse(ref.slice(ref.lastIndexOf(' ') + 1))
  } catch {
    return undefined
  }
}
