import { wantKey } from '@kitsune/bitswap-codec'
import { DrainingError, InvalidOptionError, StoppedError, WantRefusedError } from '../errors.ts'
import { knownBlock } from './known-block.ts'
import { createLocalClient } from './local-client.ts'
import { LocalSession } from './session.ts'
import type { LocalClient } from './local-client.ts'
import type { SessionPort, Waiter } from './session.ts'
import type { Limits } from '../defaults.ts'
import type { WantEnd } from '../engine/status.ts'
import type { Timers } from '../timers.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { CID } from 'multiformats/cid'

/** What local clients are made with. */
export interface LocalClientsInit {
  readonly driver: SessionPort
  readonly timers: Pick<Timers, 'after' | 'endOfTick'>
  readonly limits: Pick<Limits, 'wantsPerClient' | 'wantLifetime'>
  /** Whether a block could be verified against a key. */
  verifiable (key: WantKey): boolean
}

/**
 * The clients within this process. Each has a session while it wants something; one that
 * wants nothing is no client of the engine.
 */
export interface LocalClients {
  /**
   * The client with that name. Calls with the same name return the same client of the engine.
   *
   * @throws {InvalidOptionError} for a name that is not a string, or empty
   */
  client (name: string): LocalClient
  /** The client without a name. */
  readonly unnamed: LocalClient
  /** Something can be taken for a client; false: it is not a local client. */
  wake (client: string): boolean
  /** The engine closes a client; false: it is not a local client. */
  disconnect (client: string, why: string): boolean
  /** Whether any of them wants something, and so needs reports of how wants end. */
  readonly active: boolean
  ended (ends: readonly WantEnd[]): void
  /** Rejects new calls from now on. */
  drain (): void
  /** Ends all calls. */
  stop (): void
}

// no peer id has a colon
const PREFIX = 'local:'

/** Makes the clients of this process, without any session. */
export function createLocalClients (init: LocalClientsInit): LocalClients {
  return new Registry(init)
}

class Registry implements LocalClients {
  readonly unnamed: LocalClient
  readonly #init: LocalClientsInit
  readonly #sessions = new Map<string, LocalSession>()
  /** Makes the error that rejects new calls; undefined: they are not rejected. */
  #closed: (() => Error) | undefined

  constructor (init: LocalClientsInit) {
    this.#init = init
    this.unnamed = this.#client(PREFIX)
  }

  client (name: string): LocalClient {
    if (typeof name !== 'string' || name === '') {
      throw new InvalidOptionError(`client(id): id is the name of a client, a string of at least one character, not ${typeof name === 'string' ? 'an empty one' : `a ${typeof name}`}`)
    }

    return this.#client(`${PREFIX}${name}`)
  }

  wake (client: string): boolean {
    if (!client.startsWith(PREFIX)) {
      return false
    }

    this.#sessions.get(client)?.take()

    return true
  }

  disconnect (client: string, why: string): boolean {
    if (!client.startsWith(PREFIX)) {
      return false
    }

    const error = why === 'draining' ? new DrainingError() : new WantRefusedError(`The client was closed: ${why}`, 'close')
    this.#end(client, error)

    return true
  }

  get active (): boolean {
    return this.#sessions.size > 0
  }

  ended (ends: readonly WantEnd[]): void {
    for (const end of ends) {
      this.#sessions.get(end.client)?.ended(end)
    }
  }

  drain (): void {
    this.#closed ??= () => new DrainingError()
  }

  stop (): void {
    this.#closed = () => new StoppedError()

    for (const id of this.#sessions.keys()) {
      this.#end(id, new StoppedError())
    }
  }

  #client (id: string): LocalClient {
    const { timers, limits } = this.#init

    return createLocalClient({
      timers,
      wantsPerClient: limits.wantsPerClient,
      wait: (cid, waiter) => this.#wait(id, cid, waiter)
    })
  }

  #wait (id: string, cid: CID, waiter: Waiter): () => void {
    const bytes = cid.bytes
    const key = wantKey(bytes)
    const answer = this.#closed?.() ?? knownBlock(bytes) ?? this.#refusal(key, cid)

    if (answer != null || key == null) {
      waiter.answer(answer ?? new WantRefusedError())

      return () => {}
    }

    const session = this.#sessions.get(id) ?? this.#open(id)
    session.join(key, bytes, waiter)

    return () => { session.leave(key, waiter) }
  }

  /** The error for a want that the engine would silently ignore or not search for. */
  #refusal (key: WantKey | undefined, cid: CID): Error | undefined {
    if (key == null) {
      return new WantRefusedError(`${cid} is longer than a CID of bitswap may be`, 'cid')
    }

    if (!this.#init.verifiable(key)) {
      return new WantRefusedError(`No block can be verified against ${cid}: its hash function is 0x${cid.multihash.code.toString(16)}. Add it to "hashers"`, 'cid')
    }
  }

  #open (id: string): LocalSession {
    const { driver, timers, limits } = this.#init
    const session = new LocalSession({
      id,
      driver,
      wantsPerClient: limits.wantsPerClient,
      wantLifetime: limits.wantLifetime,
      // so that a client that asks for one block after another stays the same client
      idle: () => { timers.endOfTick(() => { this.#leaveIfIdle(id, session) }) }
    })
    this.#sessions.set(id, session)

    return session
  }

  #leaveIfIdle (id: string, session: LocalSession): void {
    if (session.isIdle && this.#sessions.get(id) === session) {
      this.#sessions.delete(id)
      this.#init.driver.gone(id)
    }
  }

  #end (id: string, error: Error): void {
    const session = this.#sessions.get(id)

    if (session != null) {
      this.#sessions.delete(id)
      session.fail(error)
      this.#init.driver.gone(id)
    }
  }
}
