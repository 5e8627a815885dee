import type { Offers } from './offers.ts'
import type { Sink, Target } from '../targets/target.ts'
import type { Logger } from '@libp2p/interface'

/** A member's target, and what is told of its reports. */
export interface MemberTargetInit {
  /** Id of the member. */
  readonly id: string
  readonly offers: Pick<Offers, 'join' | 'leave'>
  readonly log: Logger
}

/** The target of one member, from when that is added until it is removed. Another member of its name has another one. */
export class MemberTarget {
  readonly #init: MemberTargetInit
  #target: Target | undefined
  #closed: Promise<void> | undefined
  /** It is to be closed as soon as this is settled. */
  #drained: PromiseWithResolvers<void> | undefined

  constructor (init: MemberTargetInit) {
    this.#init = init
  }

  /** Once it is started. */
  get target (): Target | undefined {
    return this.#target
  }

  get isDraining (): boolean {
    return this.#drained != null
  }

  /** Its reports no longer count. */
  get isClosed (): boolean {
    return this.#closed != null
  }

  async start (target: Target, sink: Sink): Promise<void> {
    this.#target = target
    this.#init.offers.join(this.#init.id, target)
    await target.start(sink)
  }

  /** Resolves once nothing is open at the member, which {@link drained} tells, it is closed, or the signal aborts. */
  async drain (signal: AbortSignal | undefined): Promise<void> {
    const drained = this.#drained ??= Promise.withResolvers()
    const onAbort = (): void => { drained.resolve() }
    signal?.addEventListener('abort', onAbort)
    await drained.promise
    signal?.removeEventListener('abort', onAbort)
  }

  drained (): void {
    this.#drained?.resolve()
  }

  /** Resolves when the target has stopped. */
  async close (): Promise<void> {
    this.#closed ??= this.#close()
    await this.#closed
  }

  async #close (): Promise<void> {
    const { id, offers, log } = this.#init
    offers.leave(id)
    this.drained()

    try {
      await this.#target?.stop()
    } catch (err) {
      log.error('the target of %s did not stop - %e', id, err)
    }
  }
}
