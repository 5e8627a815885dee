import { MAX_FRAME_LENGTH, wantKey } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import { LeftWants } from './left-wants.ts'
import { SessionMessage } from './session-message.ts'
import { wantError } from './want-error.ts'
import type { Driver } from '../driver/driver.ts'
import type { Taken } from '../engine/replies.ts'
import type { WantEnd } from '../engine/status.ts'
import type { AskType } from '../strategies/strategy.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** The result of a want: its block, a presence, or why there is none. */
export type Answer = Uint8Array | 'have' | 'dont-have' | Error

/** A call that waits for a want. A HAVE answers only those that ask for no more. */
export interface Waiter {
  readonly type: AskType
  /** Called once. The bytes are shared: what is handed out is a copy. */
  answer (answer: Answer): void
}

/** What a session needs of the driver. */
export type SessionPort = Pick<Driver, 'message' | 'take' | 'gone'>

/** A client of the engine within this process, from its first want to its last. */
export interface SessionInit {
  /** Its id as a client of the engine. */
  readonly id: string
  readonly driver: SessionPort
  /** Wants that it may have open; the others wait for their turn. */
  readonly wantsPerClient: number
  readonly wantLifetime: number
  /** Nothing is wanted any more. */
  idle (): void
}

/** One want of the engine, whatever the number of calls that wait for it. */
interface Pending {
  readonly key: WantKey
  /** Raw CID bytes, as the first call wrote them. */
  readonly cid: Uint8Array
  type: AskType
  readonly waiters: Set<Waiter>
  /** The engine has it, or will have it at the end of the microtask. */
  open: boolean
  /** The engine has told of its end. */
  ended: boolean
  /** It was said again, perhaps after it had ended: the engine may have another one. */
  upgraded: boolean
}

/**
 * The wants of one local client: its calls by multihash, of which the engine has
 * at most as many as a client may have. What they say in one microtask is one message.
 */
export class LocalSession {
  readonly #init: SessionInit
  readonly #pending = new Map<WantKey, Pending>()
  /** Those that wait for their turn, in the order of the calls. */
  readonly #waiting = new Set<Pending>()
  readonly #left = new LeftWants()
  readonly #message: SessionMessage
  #open = 0

  constructor (init: SessionInit) {
    this.#init = init
    this.#message = new SessionMessage({
      max: init.wantsPerClient,
      send: wants => { init.driver.message(init.id, { wants, full: false }) }
    })
  }

  /** Whether nothing is wanted, and the engine has told of all that was. */
  get isIdle (): boolean {
    return this.#pending.size === 0 && this.#left.isEmpty
  }

  /** Waits for a want; several that wait for one multihash share it. */
  join (key: WantKey, cid: Uint8Array, waiter: Waiter): void {
    const { type } = waiter
    const found = this.#pending.get(key)

    if (found == null) {
      const pending: Pending = { key, cid, type, waiters: new Set([waiter]), open: false, ended: false, upgraded: false }
      this.#pending.set(key, pending)
      this.#waiting.add(pending)
      this.#openNext()

      return
    }

    found.waiters.add(waiter)

    if (type === 'block' && found.type === 'have') {
      found.type = 'block'

      if (found.open && this.#message.repeat(found)) {
        found.upgraded = true
      }
    }
  }

  /** Waits no longer; the last that leaves takes the want back. */
  leave (key: WantKey, waiter: Waiter): void {
    const pending = this.#pending.get(key)

    if (pending?.waiters.delete(waiter) === true && pending.waiters.size === 0) {
      this.#end(pending, true)
    }
  }

  /** Takes all that the engine has for this client. */
  take (): void {
    const { id, driver } = this.#init
    let message: Taken | undefined

    while ((message = driver.take(id, MAX_FRAME_LENGTH, '/ipfs/bitswap/1.2.0')) != null) {
      for (const { cid, have } of message.presences ?? []) {
        this.#onPresence(cid, have ? 'have' : 'dont-have')
      }

      for (const { cid, data } of message.blocks ?? []) {
        const pending = this.#find(cid)

        if (pending != null) {
          this.#settle(pending, data, pending.upgraded || !pending.ended)
        }
      }
    }
  }

  /** The engine tells that a want has ended. */
  ended (end: WantEnd): void {
    if (this.#left.delete(end.cid)) {
      this.#checkIdle()

      return
    }

    const pending = this.#find(end.cid)

    if (pending == null) {
      return
    }

    pending.ended = true
    const error = wantError(end, printCid(end.cid), this.#init.wantLifetime)

    if (error == null) {
      return
    }

    if (end.outcome === 'have') {
      this.#answer(pending, 'have') // it may not have been taken
    }

    this.#settle(pending, error, false)
  }

  /** Answers all calls alike, and takes back what they wanted. */
  fail (error: Error): void {
    for (const pending of this.#pending.values()) {
      this.#answer(pending, error)
    }

    this.#pending.clear()
    this.#waiting.clear()
    this.#message.clear()
    this.#open = 0
  }

  #find (cid: Uint8Array): Pending | undefined {
    const key = wantKey(cid)
    const pending = key == null ? undefined : this.#pending.get(key)

    return pending?.open === true ? pending : undefined
  }

  #onPresence (cid: Uint8Array, presence: 'have' | 'dont-have'): void {
    const pending = this.#find(cid)

    if (pending == null) {
      return
    }

    if (presence === 'dont-have') {
      // the engine keeps the want, for a late block
      this.#settle(pending, presence, true)

      return
    }

    this.#answer(pending, presence)

    if (pending.waiters.size === 0) {
      this.#end(pending, true)
    }
  }

  #settle (pending: Pending, answer: Answer, cancel: boolean): void {
    this.#answer(pending, answer)
    this.#end(pending, cancel)
  }

  /** Answers the calls that wait for such an answer. */
  #answer ({ waiters }: Pending, answer: Answer): void {
    for (const waiter of waiters) {
      if (answer !== 'have' || waiter.type === 'have') {
        waiters.delete(waiter)
        waiter.answer(answer)
      }
    }
  }

  /** A want is no more; `cancel`: the engine may still have it. */
  #end (pending: Pending, cancel: boolean): void {
    this.#pending.delete(pending.key)
    this.#waiting.delete(pending)

    if (pending.open) {
      this.#open--
      this.#takeBack(pending, cancel)
      this.#openNext()
    }

    this.#checkIdle()
  }

  #takeBack (pending: Pending, cancel: boolean): void {
    if (this.#message.omit(pending)) {
      return // the engine has not heard of it, and will tell of no end
    }

    if (!pending.ended) {
      this.#left.add(pending.cid)
    }

    if (cancel) {
      this.#message.cancel(pending)
    }
  }

  #checkIdle (): void {
    if (this.isIdle) {
      this.#init.idle()
    }
  }

  #openNext (): void {
    for (const pending of this.#waiting) {
      if (this.#open >= this.#init.wantsPerClient) {
        return
      }

      this.#waiting.delete(pending)
      this.#open++
      pending.open = true

      if (this.#left.has(pending.cid)) {
        this.#message.send() // in the message that takes a want back, the same want again would be that want
      }

      this.#message.begin(pending)
    }
  }
}

function printCid (cid: Uint8Array): string {
  return CID.decode(cid).toString()
}
