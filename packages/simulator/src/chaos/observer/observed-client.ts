import type { WantKey } from '@kitsune/bitswap-codec'

/** One want of a client, as an observer knows it. */
export interface ObservedWant {
  readonly client: ObservedClient
  readonly cid: Uint8Array
  readonly key: WantKey
  type: 'have' | 'block'
  priority: number
  /** The connection on which it came last; undefined where the message that named it last was cut, maybe by this want. */
  connection: number | undefined
  /** Some ask since it began wanted to be told of absence. */
  sendDontHave: boolean
  /** Every ask wanted that. */
  alwaysDontHave: boolean
  asks: number
  dontHavesTaken: number
  /** HAVEs that were taken since it began. */
  havesTaken: number
  /** It may be one of which a presence was taken. */
  maybeTold: boolean
  /** A presence was taken since it was asked for last: a client that asks again did not keep the answer. */
  answered: boolean
  askedAt: number
  /** Which message it began with, of all; NaN where its place in their order is not known. */
  message: number
  /** No other want for the block lived at any time since it began. */
  alone: boolean
  /** There was a moment since it began at which a DONT_HAVE was right. */
  dontHaveWasRight: boolean
  /** False once it may have been evicted: then nothing tells from outside whether it lives. */
  sure: boolean
  /** A copy may be queued that ends it. Known as soon as everything was taken. */
  maybeServed: boolean
}

/** What the observer knows of a client by its messages and replies alone. */
export interface ObservedClient {
  readonly id: string
  readonly wants: Map<string, ObservedWant>
  /** Wants of connections that have fallen silent, by CID: they may come back, and are not looked for. */
  readonly suspended: Map<string, ObservedWant>
  /** The member that it is, too. */
  member: string | undefined
  /** Copies that are queued for certain, and that may be, by CID. */
  readonly copies: Map<string, number>
  readonly maybeCopies: Map<string, number>
  /** Bytes of the certain ones. */
  unsent: number
  /** It has taken something. */
  reads: boolean
  /** When it last did, or came. */
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
