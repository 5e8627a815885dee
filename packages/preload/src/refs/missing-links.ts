import { multihashKey } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import type { RefsRoot } from './arg.ts'
import type { Passage } from '../gate/passage.ts'

/**
 * The links of blocks that a member had before: they did not pass, so that the gate has
 * not seen what they link to, which the member now wants. They are read from the members
 * when a want comes that nothing is known to link to; so a preload that was cut off goes on.
 */
export interface MissingLinks {
  /** The root of the request. */
  know (root: RefsRoot): void
  /** A member has listed it, and so it has it. */
  listed (ref: string): void
  /** Something is wanted that nothing is known to link to. */
  read (): void
}

/** Reads a verified block that some member holds; rejects if there is none. */
export type ReadBlock = (cid: CID, signal: AbortSignal) => Promise<Uint8Array>

interface MissingLinksInit {
  readonly passage: Passage
  readonly read: ReadBlock
  /** Whether what a block that was read links to is read as well: where no member lists what it has. Default false. */
  readonly walk?: boolean
  readonly signal: AbortSignal
  /** For how long a want waits for what links to it, ms. */
  readonly wait: number
  /** Monotonic time, ms. */
  now (): number
}

/** The last listed are the likeliest. */
const MAX_UNREAD = 4096
const CONCURRENCY = 8

/** Makes a search for blocks that a member does not have; with `walk` it starts at the root. */
export function createMissingLinks ({ passage, read, walk = false, signal, wait, now }: MissingLinksInit): MissingLinks {
  const unread: CID[] = []
  let reading = 0
  /** Something waits until then. */
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
