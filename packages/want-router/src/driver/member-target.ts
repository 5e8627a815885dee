import type { Offers } from './offers.ts'
import type { Sink, Target } from '../targets/target.ts'
import type { Logger } from '@libp2p/interface'

/** What the target of a member is kept with. */
export interface MemberTargetInit {
  /** Id of the member. */
  readonly id: string
  readonly offers: Pick<Offers, 'join' | 'leave'>
  readonly log: Logger
}

/** The target of one member, from when the member is added until it is removed. A later member with its id has another one. */
export class MemberTarget {
  readonly #init: MemberTargetInit
  #target: Target | undefined
  #closed: Promise<void> | undefined
  /** Set while it drains: settled when the member can be removed. */
  #drained: PromiseWithResolvers<void> | undefined

  constructor (init: MemberTargetInit) {
    this.#init = init
  }

  /** The target, once it is started. */
  get target (): Target | undefined {
    return this.#target
  }

  get isDraining (): boolean {
    return this.#drained != null
  }

  /** Whether its reports no longer count. */
  get isClosed (): boolean {
    return this.#closed != null
  }

  async start (target: Target, sink: Sink): Promise<void> {
    this.#target = target
    this.#init.offers.join(this.#init.id, target)
    await target.start(sink)
  }

  /** Resolves when nothing is open at the member (see {@link drained}), when it is closed, or when the signal aborts. */
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
