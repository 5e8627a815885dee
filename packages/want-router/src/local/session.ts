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

/** A call that waits for a want. A HAVE answers only calls of `has`. */
export interface Waiter {
  readonly type: AskType
  /** Called once. The bytes are shared, so the call copies them. */
  answer (answer: Answer): void
}

/** What a session needs of the driver. */
export type SessionPort = Pick<Driver, 'message' | 'take' | 'gone'>

/** What a session is made with. */
export interface SessionInit {
  /** Its id as a client of the engine. */
  readonly id: string
  readonly driver: SessionPort
  /** The most wants that it may have open; others wait until these end. */
  readonly wantsPerClient: number
  readonly wantLifetime: number
  /** Called when nothing is wanted any more. */
  idle (): void
}

/** One want of the engine, which any number of calls wait for. */
interface Pending {
  readonly key: WantKey
  /** Raw CID bytes, as in the first call. */
  readonly cid: Uint8Array
  type: AskType
  readonly waiters: Set<Waiter>
  /** The engine has it, or will have it at the end of the microtask. */
  open: boolean
  /** The engine has reported its end. */
  ended: boolean
  /** It was sent again as a want-block, perhaps after it had ended: the engine may have another one. */
  upgraded: boolean
}

/**
 * The wants of one local client while it has any: its calls by multihash. The engine has
 * at most as many of them as a client may have. All entries of one microtask go into one
 * message.
 */
export class LocalSession {
  readonly #init: SessionInit
  readonly #pending = new Map<WantKey, Pending>()
  /** Wants that the engine does not have yet, in the order of the calls. */
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

  /** Whether nothing is wanted, and the engine has reported the end of everything that was. */
  get isIdle (): boolean {
    return this.#pending.size === 0 && this.#left.isEmpty
  }

  /** Makes a call wait for a want; calls for one multihash share it. */
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

  /** Ends a call's wait; the last call that leaves cancels the want. */
  leave (key: WantKey, waiter: Waiter): void {
    const pending = this.#pending.get(key)

    if (pending?.waiters.delete(waiter) === true && pending.waiters.size === 0) {
      this.#end(pending, true)
    }
  }

  /** Takes everything that the engine has for this client. */
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

  /** The engine reports that a want has ended. */
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
      this.#answer(pending, 'have') // the HAVE may not have been taken yet
    }

    this.#settle(pending, error, false)
  }

  /** Answers all calls with that error, and drops their wants. */
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
      // it has to be cancelled: the engine keeps the want for a late block
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

  /** Answers the calls that this answer is enough for. */
  #answer ({ waiters }: Pending, answer: Answer): void {
    for (const waiter of waiters) {
      if (answer !== 'have' || waiter.type === 'have') {
        waiters.delete(waiter)
        waiter.answer(answer)
      }
    }
  }

  /** Ends a want; `cancel`: the engine may still have it. */
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
      return // the engine does not know the want, and will report no end
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
        this.#message.send() // in one message with its cancel, the new want would count as the old one
      }

      this.#message.begin(pending)
    }
  }
}

function printCid (cid: Uint8Array): string {
  return CID.decode(cid).toString()
}
