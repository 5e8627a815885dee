/** What the next flush says. */
import type { Output } from './io.ts'
import type { CancelledWant, TargetWant } from '../targets/target.ts'

/**
 * To members by fetch: the cancel of one fetch and the ask for a later one of the
 * same multihash both leave, since nodes keep wants by CID.
 */
export interface Outbox<M, C> {
  /** Clients that have something to take. */
  readonly readyClients: Set<C>
  /** Clients whose connections are to be closed, by id. */
  readonly closing: Map<string, Closing>
  /** Members whose sessions are to end, and why. */
  readonly resets: Map<M, string>
  /** What is said last of a fetch counts. */
  enqueue (member: M, fetch: CancelledWant, want: TargetWant | CancelledWant): void
  /** Drops what was to be asked of a member for that fetch and has not left yet; false: there was nothing. */
  dequeue (member: M, fetch: CancelledWant): boolean
  /** A member is down: nothing reaches it. */
  drop (member: M): void
  /** Says everything, to each member the cancels first. */
  empty (out: Output): void
  /** Counts down, so that members serve in the order of asking. */
  nextPriority (): number
}

/** Why a client is to be closed; `unread`: since it takes nothing, so that it is not if it does. */
export interface Closing { readonly why: string, readonly unread: boolean }

interface Named { readonly id: string }

const MAX_PRIORITY = 0x7fffffff

/** Makes an empty outbox. */
export function createOutbox <M extends Named, C extends Named> (): Outbox<M, C> {
  const readyClients = new Set<C>()
  const closing = new Map<string, Closing>()
  const resets = new Map<M, string>()
  const lines = new Map<M, Map<CancelledWant, TargetWant | CancelledWant>>()
  let priority = MAX_PRIORITY

  return {
    readyClients,
    closing,
    resets,

    enqueue (member, fetch, want) {
      let wants = lines.get(member)
      if (wants == null) {
        wants = new Map()
        lines.set(member, wants)
      }
      wants.set(fetch, want)
    },

    dequeue (member, fetch) {
      const wants = lines.get(member)
      const want = wants?.get(fetch)
      return wants != null && want != null && 'type' in want && wants.delete(fetch)
    },

    drop (member) {
      lines.delete(member)
      resets.delete(member)
    },

    empty (out) {
      for (const [member, wants] of lines) {
        const asks: TargetWant[] = []
        const cancels: CancelledWant[] = []
        for (const want of wants.values()) {
          if ('type' in want) {
            asks.push(want)
          } else {
            cancels.push(want)
          }
        }
        if (cancels.length > 0) {
          out.cancel(member.id, cancels)
        }
        if (asks.length > 0) {
          out.ask(member.id, asks)
        }
      }
      lines.clear()
      for (const [member, why] of resets) {
        out.reset(member.id, why)
      }
      resets.clear()
      for (const client of readyClients) {
        out.ready(client.id)
      }
      readyClients.clear()
      for (const [client, { why }] of closing) {
        out.close(client, why)
      }
      closing.clear()
    },

    nextPriority () {
      const next = priority
      priority = priority > 1 ? priority - 1 : MAX_PRIORITY
      return next
    }
  }
}

/** Takes a want back from a member. */
export function enqueueCancel <M> (outbox: Pick<Outbox<M, never>, 'enqueue'>, member: M, fetch: CancelledWant): void {
  outbox.enqueue(member, fetch, { key: fetch.key, cid: fetch.cid })
}
