import type { WantKey } from '@kitsune/bitswap-codec'

/** The model of one want of a client. */
export interface ObservedWant {
  readonly client: ObservedClient
  readonly cid: Uint8Array
  readonly key: WantKey
  type: 'have' | 'block'
  priority: number
  /** The connection on which it came last; undefined where the message that named it last was cut, maybe by this want. */
  connection: number | undefined
  /** Whether some ask since it began had sendDontHave. */
  sendDontHave: boolean
  /** Whether every ask had it. */
  alwaysDontHave: boolean
  asks: number
  dontHavesTaken: number
  /** HAVEs that were taken since it began. */
  havesTaken: number
  /** Whether a presence for it may have been taken. */
  maybeTold: boolean
  /** Whether a presence was taken since it was asked for last: a client that asks again did not keep the answer. */
  answered: boolean
  askedAt: number
  /** Which message it began with, of all; NaN where its place in their order is not known. */
  message: number
  /** Whether no other want for the block existed at any time since it began. */
  alone: boolean
  /** Whether a DONT_HAVE was right at some moment since it began. */
  dontHaveWasRight: boolean
  /** False once it may have been evicted: then it is not known from outside whether it exists. */
  sure: boolean
  /** Whether a copy that ends it may be queued. This is known as soon as everything was taken. */
  maybeServed: boolean
}

/** The model of a client, from its messages and replies alone. */
export interface ObservedClient {
  readonly id: string
  readonly wants: Map<string, ObservedWant>
  /** Wants of connections that have fallen silent, by CID: they may come back, and are not asked for. */
  readonly suspended: Map<string, ObservedWant>
  /** The member that the client also is. */
  member: string | undefined
  /** Copies that are certainly queued, and copies that may be, by CID. */
  readonly copies: Map<string, number>
  readonly maybeCopies: Map<string, number>
  /** Bytes of the certain ones. */
  unsent: number
  /** Whether it has taken something. */
  reads: boolean
  /** When it last took something, or connected. */
  readAt: number
  /** CIDs whose wants ended since everything was taken. */
  readonly ended: Set<string>
}

/** Makes the model of a client that connects at `now`, ms. */
export function observedClient (id: string, now: number): ObservedClient {
  return {
    id,
    wants: new Map(),
    suspended: new Map(),
    member: undefined,
    copies: new Map(),
    maybeCopies: new Map(),
    unsent: 0,
    reads: false,
    readAt: now,
    ended: new Set()
  }
}
