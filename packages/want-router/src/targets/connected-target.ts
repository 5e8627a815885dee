import { SessionResetError } from '../errors.ts'
import type { CancelledWant, LocatedPeer, PeerSession, PeerSessionHandlers, Sink, Target, TargetContext, TargetWant } from './target.ts'
import type { PeerId } from '@libp2p/interface'

/** Options of {@link createConnectedTarget}. */
export interface ConnectedTargetInit extends Pick<TargetContext, 'openPeer'> {
  /** The client, which is connected. */
  readonly peer: PeerId
  /** Ends the attempt to open a session. */
  readonly signal: AbortSignal
  /** The router has ended the session with the client because the client misbehaves. */
  ended (why: Error): void
}

/** A connected client that is asked for blocks. */
export interface ConnectedTarget extends Target {
  /** The peer that the client says it stands for. */
  standsFor (of: string): void
}

/**
 * A connected client as a target. It is asked on the connection that it has
 * opened, and neither dialled nor kept: its session ends with the connection, and
 * another connection is another target.
 *
 * @throws {NoBitswapError} it has no bitswap
 * @throws {NotConnectedError} its connection has closed
 */
export async function openConnectedTarget (init: ConnectedTargetInit): Promise<ConnectedTarget> {
  const target = new ClientTarget(init)
  await target.open()

  return target
}

class ClientTarget implements ConnectedTarget {
  readonly #init: ConnectedTargetInit
  #session: PeerSession | undefined
  #sink: Sink | undefined
  /** The peer id by which others know it. */
  #known: string

  constructor (init: ConnectedTargetInit) {
    this.#init = init
    this.#known = init.peer.toString()
  }

  async open (): Promise<void> {
    const { openPeer, peer, signal } = this.#init
    const located: LocatedPeer = { peer, addresses: [] }
    const handlers: PeerSessionHandlers = {
      block: (prefix, bytes, verified) => this.#sink?.block(prefix, bytes, verified),
      presence: (key, have) => { this.#sink?.answer(key, have ? 'have' : 'dont-have') },
      load: pendingBytes => { this.#sink?.load(pendingBytes) },
      // the code that added it when the client came removes it
      closed () {}
    }
    this.#session = await openPeer(located, handlers, signal)
  }

  start (sink: Sink): void {
    this.#sink = sink
    queueMicrotask(() => { this.#up() })
  }

  stop (): void {
    this.#sink = undefined
    this.#session?.close()
  }

  ask (wants: readonly TargetWant[]): void {
    this.#session?.ask(wants)
  }

  cancel (wants: readonly CancelledWant[]): void {
    this.#session?.cancel(wants)
  }

  reset (why: string): void {
    this.#init.ended(new SessionResetError(`the session was ended, since it ${why}`))
  }

  standsFor (of: string): void {
    this.#known = of
    this.#up()
  }

  #up (): void {
    if (this.#session != null) {
      this.#sink?.up({ supportsDontHave: this.#session.supportsDontHave }, this.#known)
    }
  }
}
