/**
 * One traversal of a DAG by a member, for all requests that ask for the same DAG. The member
 * pulls the blocks from the clients of all these requests, through the gate.
 */
import { BudgetError, MemberRefsError, NoProgressError } from '../errors.ts'
import { createLines } from './lines.ts'
import { createListing } from './listing.ts'
import { createMissingLinks } from './missing-links.ts'
import { gateDepth } from './query.ts'
import { toError } from './to-error.ts'
import { createTraversalClients } from './traversal-clients.ts'
import type { Lines } from './lines.ts'
import type { Listing } from './listing.ts'
import type { RefsMember } from './member.ts'
import type { MissingLinks, ReadBlock } from './missing-links.ts'
import type { RefsQuery } from './query.ts'
import type { TraversalClients } from './traversal-clients.ts'
import type { PreloadLimits } from '../defaults.ts'
import type { Gate } from '../gate/gate.ts'
import type { Passage } from '../gate/passage.ts'
import type { Timers } from '../timers.ts'

interface TraversalInit {
  readonly query: RefsQuery
  /** Best first. */
  readonly members: readonly RefsMember[]
  readonly gate: Gate
  /** Reads a block that some member has. */
  readonly read: ReadBlock
  readonly limits: PreloadLimits
  readonly timers: Timers
  /** A member did nothing, and the next one did something. */
  onHung (member: string): void
  ended (): void
}

/** One request's part in a traversal. */
export interface TraversalReader {
  /** Resolves when a member has begun to answer, and rejects if none does. */
  readonly begun: Promise<void>
  /** The lines of the answer. The iteration throws errors. */
  readonly lines: AsyncIterableIterator<string>
  /** Blocks and bytes that clients have sent since it joined. */
  readonly received: Readonly<Received>
  /** The member that is asked, or was last. */
  readonly member: string | undefined
  /** A peer is asked for blocks from now on. */
  add (client: string): void
  /** Begins to ask members, unless it has begun. */
  start (): void
  /** A client that is connected elsewhere has sent something. */
  progress (): void
  /** The traversal has failed, for all readers. */
  fail (error: Error): void
  /** The reader wants no more lines; or it may have no more: then its lines end with the error. The last reader to leave ends the traversal. */
  leave (error?: Error): void
}

/** A traversal that requests can join. */
export interface Traversal {
  /** Whether a reader that joins now reads all of it. */
  readonly joinable: boolean
  join (init?: ReaderInit): TraversalReader
}

/** What a reader is told, and what it knows. */
export interface ReaderInit {
  /** Called with the bytes of each block that a client has sent, until the reader leaves. Default: no callback. */
  onReceived? (bytes: number): void
  /** Its clients that are connected to other processes, and whether these have been asked for blocks that have not arrived. Default: none. */
  readonly elsewhere?: { readonly peers: readonly string[], readonly waits: boolean }
}

/** What clients have sent. */
export interface Received {
  blocks: number
  bytes: number
}

/** Creates a traversal. */
export function createTraversal (init: TraversalInit): Traversal {
  return new MemberTraversal(init)
}

class MemberTraversal implements Traversal {
  readonly #init: TraversalInit
  readonly #passage: Passage
  readonly #missing: MissingLinks
  readonly #lines: Lines
  readonly #listing: Listing
  readonly #begun = Promise.withResolvers<void>()
  readonly #ending = new AbortController()
  readonly #clients: TraversalClients
  readonly #received: Received = { blocks: 0, bytes: 0 }
  readonly #readers = new Set<ReaderInit>()
  #started = false
  /** Lines that have been passed on. */
  #written = 0
  #cancelNoProgress: () => void = () => {}
  readonly #cancelTime: () => void
  #ended = false

  constructor (init: TraversalInit) {
    const { query, members, gate, limits, timers, onHung } = init
    // the gate may have no memory even for the roots
    const failures: Error[] = []
    let failed = (error: Error): void => { failures.push(error) }
    this.#init = init
    this.#lines = createLines({ max: limits.unread, onRead: () => { this.#progress() } })
    this.#passage = gate.open({
      roots: query.roots.map(({ cid }) => cid),
      maxDepth: gateDepth(query),
      progress: ({ bytes }) => {
        this.#received.blocks++
        this.#received.bytes += bytes.byteLength
        this.#progress()
        this.#readers.forEach(({ onReceived }) => { onReceived?.(bytes.byteLength) })
      },
      unknown: () => {
        // without a client nothing could be asked of one
        if (this.#clients.size > 0) {
          this.#missing.read()
        }
      },
      failed: error => { failed(error) }
    })
    this.#clients = createTraversalClients(this.#passage)
    this.#missing = createMissingLinks({ passage: this.#passage, read: init.read, signal: this.#ending.signal, wait: limits.linkWait, now: timers.now })
    this.#listing = createListing({
      query,
      members,
      signal: this.#ending.signal,
      timers,
      wait: limits.memberWait,
      isHeldUp: () => this.#lines.isFull,
      canContinue: () => this.#canContinue(),
      onHung
    })
    this.#begun.promise.catch(() => {})
    this.#cancelTime = timers.after(limits.time, () => { this.#end(new NoProgressError(`The request took longer than ${limits.time / 1000} s`)) })
    this.#progress()
    failed = error => { this.#end(error) }
    failures.forEach(failed)
  }

  get joinable (): boolean {
    return !this.#ended && this.#lines.whole
  }

  join (init: ReaderInit = {}): TraversalReader {
    const lines = this.#lines.read()
    const clients = new Set<string>()
    const before = { ...this.#received }
    const traversal = this
    const reader: ReaderInit = { ...init }
    this.#readers.add(reader)

    return {
      begun: this.#begun.promise,
      lines,
      get received () { return since(before, traversal.#received) },
      get member () { return traversal.#listing.member },
      add: client => {
        if (this.#readers.has(reader) && !clients.has(client)) {
          clients.add(client)
          this.#clients.add(client)
        }
      },
      start: () => { this.#start() },
      progress: () => { this.#progress() },
      fail: error => { this.#end(error) },
      leave: error => {
        if (this.#readers.delete(reader)) {
          lines.leave(error)
          this.#left(clients)
        }
      }
    }
  }

  #start (): void {
    if (this.#started || this.#ended) {
      return
    }

    this.#started = true

    for (const root of this.#init.query.roots) {
      this.#missing.know(root)
    }

    this.#missing.read()
    this.#run().then(() => { this.#end() }, err => { this.#end(err) })
  }

  #canContinue (): boolean {
    const elsewhere = [...this.#readers].flatMap(({ elsewhere }) => elsewhere ?? [])
    const some = this.#clients.size > 0 || elsewhere.some(({ peers }) => peers.length > 0)

    return some && !this.#passage.waits && !elsewhere.some(({ waits }) => waits)
  }

  #left (clients: ReadonlySet<string>): void {
    this.#clients.remove(clients)

    if (this.#readers.size === 0) {
      this.#end(new MemberRefsError('no client waits for the answer any more'))
    }
  }

  async #run (): Promise<void> {
    for await (const { ref } of this.#listing) {
      await this.#pass(ref)
    }
  }

  /** Passes on what a member has listed. */
  async #pass (ref: string): Promise<void> {
    const { lines } = this.#init.limits
    this.#progress()
    this.#missing.listed(ref)

    if (++this.#written > lines) {
      throw new BudgetError(`The answer has more than ${lines} lines: ask for unique ones`)
    }

    this.#lines.push(`${JSON.stringify({ Ref: ref, Err: '' })}\n`)
    this.#begun.resolve()
    await this.#lines.available()
    this.#progress()
  }

  #progress (): void {
    const { timers, limits } = this.#init
    this.#listing.progress()
    this.#cancelNoProgress()

    if (!this.#ended) {
      this.#cancelNoProgress = timers.after(limits.noProgress, () => {
        if (this.#lines.isFull) {
          // those that do not read hold up the others
          this.#lines.expel(new NoProgressError(`The answer was not read for ${limits.noProgress / 1000} s`))
          this.#progress()

          return
        }

        this.#end(new NoProgressError(`There was no progress for ${limits.noProgress / 1000} s: a block could not be had from the client or the nodes`))
      })
    }
  }

  #end (error?: unknown): void {
    if (this.#ended) {
      return
    }

    this.#ended = true
    const failure = error == null ? undefined : toError(error)
    this.#cancelTime()
    this.#cancelNoProgress()
    this.#passage.close()
    this.#lines.end(failure)

    if (failure == null) {
      this.#begun.resolve()
    } else {
      this.#begun.reject(failure)
    }

    this.#ending.abort(failure)
    this.#init.ended()
  }
}

function since (before: Received, { blocks, bytes }: Received): Received {
  return { blocks: blocks - before.blocks, bytes: bytes - before.bytes }
}
