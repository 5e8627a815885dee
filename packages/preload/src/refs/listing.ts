/**
 * The list of a DAG from a member. One member after another is asked until one has begun to
 * answer; after that an error ends the list. A member that stops in the middle is asked again:
 * kubo may wait for blocks that it has forgotten to ask for.
 */
import { NoMemberError } from '../errors.ts'
import { watchMember } from './member-watch.ts'
import type { MemberWatch } from './member-watch.ts'
import type { Ref, RefsMember } from './member.ts'
import type { RefsQuery } from './query.ts'
import type { Timers } from '../timers.ts'

/** Which members are asked, for what, and when one of them is given up. */
export interface ListingInit {
  readonly query: RefsQuery
  /** Best first. */
  readonly members: readonly RefsMember[]
  readonly signal: AbortSignal
  readonly timers: Timers
  /** How long a member may do nothing, ms. */
  readonly wait: number
  /** Whether the list waits for the readers of the answer. */
  isHeldUp (): boolean
  /** Whether the member could continue: there are clients, and it waits for no block from them. */
  canContinue (): boolean
  /** A member did nothing, and the next one, which was asked in its place, did something. */
  onHung (member: string): void
}

/** Its iteration yields each line once, and throws errors. */
export interface Listing extends AsyncIterable<Ref> {
  /** The member that is asked, or was last. */
  readonly member: string | undefined
  /** Something has come for the member that is asked. */
  progress (): void
}

/** Creates a listing. No member is asked before it is read. */
export function createListing ({ query, members, signal, timers, wait, isHeldUp, canContinue, onHung }: ListingInit): Listing {
  let asked: RefsMember | undefined
  let watch: MemberWatch | undefined
  let lines = 0
  /** Those that did nothing: it may be the client that does nothing. */
  const idle: string[] = []

  function progress (): void {
    watch?.progress()
    idle.splice(0).forEach(onHung)
  }

  /** Yields what is new of it. Returns whether that is all; otherwise it has stopped in the middle, and is to be asked again. */
  async function * ask (member: RefsMember, others: boolean): AsyncGenerator<Ref, boolean> {
    const before = lines
    let listed = 0
    const own = watch = watchMember({ timers, wait, began: before > 0, givesUp: began => !isHeldUp() && (began ? canContinue() : others) })
    asked = member

    try {
      for await (const ref of member.refs(query, AbortSignal.any([own.signal, signal]))) {
        own.progress()

        // asked again, it lists the same in the same order
        if (++listed > before) {
          lines++
          yield ref
        }
      }

      return true
    } catch (err) {
      if (own.signal.aborted && !signal.aborted) {
        if (own.began) {
          return false
        }

        idle.push(member.id)
      }

      throw err
    } finally {
      own.stop()
    }
  }

  return {
    get member () { return asked?.id },

    progress,

    async * [Symbol.asyncIterator] () {
      let error: unknown = new NoMemberError()

      for (const [i, member] of members.entries()) {
        try {
          let complete: boolean

          do {
            complete = yield * ask(member, i < members.length - 1)
          } while (!complete)

          progress()

          return
        } catch (err) {
          error = err

          if (lines > 0 || signal.aborted) {
            break
          }
        }
      }

      throw error
    }
  }
}
