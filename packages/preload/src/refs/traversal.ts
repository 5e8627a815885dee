/**
 * One traversal of a DAG by a member, for all requests that ask for the same. It tries
 * one member after another until one has begun to answer; from then on an error ends it.
 * One that stops in the middle is asked anew: kubo may wait for blocks that it has forgotten to ask for.
 * The members pull the blocks from the clients of all its requests, through the gate.
 */
import { BudgetError, MemberRefsError, NoMemberError, NoProgressError } from '../errors.ts'
import { createLines } from './lines.ts'
import { createMissingLinks } from './missing-links.ts'
import { gateDepth } from './query.ts'
import type { Lines } from './lines.ts'
import type { RefsMember } from './member.ts'
import type { MissingLinks, ReadBlock } from './missing-links.ts'
import type { RefsQuery } from './query.ts'
import type { PreloadLimits } from '../defaults.ts'
import type { Gate } from '../gate/gate.ts'
import type { Passage } from '../gate/passage.ts'
import type { Timers } from '../timers.ts'

export interface TraversalInit {
  readonly query: RefsQuery
  /** Best first. */
  readonly members: readonly RefsMember[]
  readonly gate: Gate
  /** Reads a block that some member has. */
  readonly read: ReadBlock
  readonly limits: PreloadLimits
  readonly timers: Timers
  ended (): void
}

/** One request's part in a traversal. */
export interface TraversalReader {
  /** Resolves when a member has begun to answer, and rejects if none does. */
  readonly begun: Promise<void>
  /** Lines of an answer. Throws what went wrong. */
  readonly lines: AsyncIterableIterator<string>
  /** Blocks and bytes that clients have sent since it joined. */
  readonly received: Readonly<Received>
  /** The member that is asked, or was last. */
  readonly member: string | undefined
  /** A peer is asked for blocks from now on. */
  add (client: string): void
  /** Has members asked, if that has not begun. */
  start (): void
  /** A client that is connected elsewhere has sent something. */
  progress (): void
  /** It cannot go on, for any reader. */
  fail (error: Error): void
  /** It wants no more; the last one to leave ends the traversal. */
  leave (): void
}

export interface Traversal {
  /** Whether a reader that joins now reads all of it. */
  readonly joinable: boolean
  join (): TraversalReader
}

/** What clients have sent. */
export interface Received {
  blocks: number
  bytes: number
}

export function createTraversal (init: TraversalInit): Traversal {
  return new MemberTraversal(init)
}

class MemberTraversal implements Traversal {
  readonly #init: TraversalInit
  readonly #passage: Passage
  readonly #missing: MissingLinks
  readonly #lines: Lines
  readonly #begun = Promise.withResolvers<void>()
  readonly #ending = new AbortController()
  /** Readers that ask each client. */
  readonly #clients = new Map<string, number>()
  readonly #received: Received = { blocks: 0, bytes: 0 }
  #member: string | undefined
  #readers = 0
  #started = false
  /** Lines that have been passed on. */
  #written = 0
  #cancelNoProgress: () => void = () => {}
  readonly #cancelTime: () => void
  #progressed = false
  #ended = false

  constructor (init: TraversalInit) {
    const { query, gate, limits, timers } = init
    this.#init = init
    this.#lines = createLines({ max: limits.unread, onRead: () => { this.#progress() } })
    this.#passage = gate.open({
      roots: query.roots.map(({ cid }) => cid),
      maxDepth: gateDepth(query),
      progress: ({ bytes }) => {
        this.#received.blocks++
        this.#received.bytes += bytes.byteLength
        this.#progress()
      },
      unknown: () => {
        // without a client nothing could be asked of one
        if (this.#clients.size > 0) {
          this.#missing.read()
        }
      },
      failed: error => { this.#end(error) }
    })
    this.#missing = createMissingLinks({ passage: this.#passage, read: init.read, signal: this.#ending.signal, wait: limits.linkWait, now: timers.now })
    this.#begun.promise.catch(() => {})
    this.#cancelTime = timers.after(limits.time, () => { this.#end(new NoProgressError(`The request took longer than ${limits.time / 1000} s`)) })
    this.#progress()
  }

  get joinable (): boolean {
    return !this.#ended && this.#lines.whole
  }

  join (): TraversalReader {
    const lines = this.#lines.read()
    const clients = new Set<string>()
    const before = { ...this.#received }
    const traversal = this
    let left = false
    this.#readers++

    return {
      begun: this.#begun.promise,
      lines,
      get received () { return since(before, traversal.#received) },
      get member () { return traversal.#member },
      add: client => {
        if (!left && !clients.has(client)) {
          clients.add(client)
          this.#addClient(client)
        }
      },
      start: () => { this.#start() },
      progress: () => { this.#progress() },
      fail: error => { this.#end(error) },
      leave: () => {
        if (!left) {
          left = true
          lines.return?.().catch(() => {})
          this.#left(clients)
        }
      }
    }
  }

  #start (): void {
    if (this.#started) {
      return
    }

    this.#started = true

    for (const root of this.#init.query.roots) {
      this.#missing.know(root)
    }

    this.#missing.read()
    this.#run().then(() => { this.#end() }, err => { this.#end(err) })
  }

  #addClient (client: string): void {
    const readers = this.#clients.get(client) ?? 0
    this.#clients.set(client, readers + 1)

    if (readers === 0) {
      this.#passage.addClient(client)
    }
  }

  #left (clients: ReadonlySet<string>): void {
    for (const client of clients) {
      const readers = (this.#clients.get(client) ?? 0) - 1
      this.#clients.set(client, readers)

      if (readers <= 0) {
        this.#clients.delete(client)
        this.#passage.removeClient(client)
      }
    }

    this.#readers--

    if (this.#readers === 0) {
      this.#end(new MemberRefsError('no client waits for the answer any more'))
    }
  }

  async #run (): Promise<void> {
    const { members } = this.#init
    let error: unknown = new NoMemberError()

    for (const [i, member] of members.entries()) {
      try {
        let complete: boolean

        do {
          complete = await this.#list(member, i < members.length - 1)
        } while (!complete)

        return
      } catch (err) {
        error = err

        if (this.#written > 0 || this.#ending.signal.aborted) {
          break
        }
      }
    }

    throw error
  }

  /** Has a member list all of it. One that does nothing is given up, if there are others. False: it has stopped in the middle, and is to be asked anew. */
  async #list (member: RefsMember, others: boolean): Promise<boolean> {
    const { query, limits, timers } = this.#init
    const attempt = new AbortController()
    const before = this.#written
    let came = before > 0
    let listed = 0
    let cancelWait = (): void => {}
    this.#member = member.id

    const watch = (): void => {
      this.#progressed = false
      cancelWait = timers.after(limits.memberWait, () => {
        came ||= this.#progressed

        if (this.#progressed || this.#lines.isFull || !(came ? this.#waitsForNothing : others)) {
          watch()
        } else {
          attempt.abort(new NoProgressError(`the member did nothing within ${limits.memberWait / 1000} s`))
        }
      })
    }

    watch()

    try {
      for await (const { ref } of member.refs(query, AbortSignal.any([attempt.signal, this.#ending.signal]))) {
        if (++listed > before) {
          await this.#pass(ref)
        } else {
          // asked anew, it lists the same in the same order
          this.#progressed = true
        }
      }

      return true
    } catch (err) {
      if (attempt.signal.aborted && came && !this.#ending.signal.aborted) {
        return false
      }

      throw err
    } finally {
      cancelWait()
    }
  }

  /** Whether the member could go on: all that it has asked of clients has come. */
  get #waitsForNothing (): boolean {
    return this.#clients.size > 0 && !this.#passage.waits
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
    await this.#lines.place()
    this.#progress()
  }

  #progress (): void {
    const { timers, limits } = this.#init
    this.#progressed = true
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

function toError (error: unknown): Error {
  return error instanceof Error ? error : new MemberRefsError(String(error))
}
