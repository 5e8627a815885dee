/**
 * A registry over a bus, without a store: each process announces its open requests, and several
 * times a second repeats which of them are still open; a process that missed something asks for
 * it. So a process that dies leaves nothing behind, and lost messages are soon made up for. A
 * process receives its own messages as well: as long as it does, it is connected.
 */
import { platformTimers } from '../timers.ts'
import { encodeRequest, parseMessage } from './messages.ts'
import { createOtherProcesses } from './other-processes.ts'
import { createOwnRequests } from './own-requests.ts'
import type { Bus } from './bus.ts'
import type { Message } from './messages.ts'
import type { RegisteredRequest, Registry, RegistryStatus, SharedRequest } from './registry.ts'
import type { Timers } from '../timers.ts'

/** Options of a registry of open requests. */
export interface RegistryInit {
  readonly bus: Bus
  /** The same for all processes that serve the same clients, and for no others: their public peer id. */
  readonly name: string
  /** Default: the platform's. */
  readonly timers?: Timers
}

/** The interval of the messages by which a process shows that it lives, and sees that it is connected, ms. */
const HEARTBEAT_INTERVAL = 200
/** After this many own messages that did not come back, the next one counts the others as unreachable: so a waiting request continues after 600 ms. */
const LOST_AFTER = 2
/** How many messages are sent between attempts to connect again. */
const RESET_EVERY = 10
/** How long a process may be silent until requests do not wait for it, and until it counts as gone, ms: the bus may be restarting. */
const SILENCE = { quietAfter: 1000, goneAfter: 10_000 } as const
/** How long a request waits until the others have heard of it, ms. */
const HEARD_WAIT = 250
/** Requests in one message. */
const MAX_REQUESTS = 64
/** Other versions of these messages use other channels. */
const CHANNEL = 'kitsune:preload:1'

/** Creates a registry without open requests. */
export function createRegistry (init: RegistryInit): Registry {
  return new BusRegistry(init)
}

/** Distributes over a union. */
type Body<M> = M extends unknown ? Omit<M, 'from'> : never

class BusRegistry implements Registry {
  readonly #id = crypto.randomUUID()
  readonly #bus: Bus
  readonly #timers: Timers
  /** The channel of all processes. */
  readonly #channel: string
  readonly #own = createOwnRequests()
  readonly #others = createOtherProcesses({
    ...SILENCE,
    onReport: () => { this.#reportSoon() },
    onGone: process => { this.#own.gone(process) }
  })

  readonly #listeners = new Set<(status: RegistryStatus) => void>()
  readonly #stops: ReadonlyArray<() => void>
  #cancelHeartbeat: () => void = () => {}
  #connected = false
  /** Own regular messages since the last one that came back. */
  #unanswered = 0
  #reporting = false

  constructor ({ bus, name, timers = platformTimers }: RegistryInit) {
    this.#bus = bus
    this.#timers = timers
    this.#channel = `${CHANNEL}:${name}`
    const receive = (text: string): void => { this.#receive(text) }
    this.#stops = [this.#channel, this.#channelOf(this.#id)].map(channel => bus.subscribe(channel, receive))
    this.#sendHeartbeat()
  }

  async open (request: SharedRequest): Promise<RegisteredRequest> {
    const own = this.#own.add(request, this.#connected ? this.#others.lively : [], id => { this.#say({ type: 'close', id }) })
    this.#say({ type: 'open', requests: [encodeRequest(own.id, request)] })
    const late = Promise.withResolvers<void>()
    const cancel = this.#timers.after(HEARD_WAIT, late.resolve)
    await Promise.race([own.heard, late.promise])
    cancel()

    return own
  }

  follow (serve: Parameters<Registry['follow']>[0]): () => void {
    this.#others.follow(serve)

    return () => { this.#others.follow(undefined) }
  }

  status (): RegistryStatus {
    return { connected: this.#connected, processes: this.#others.lively.length, requests: this.#others.requests }
  }

  onChange (listener: (status: RegistryStatus) => void): () => void {
    this.#listeners.add(listener)

    return () => { this.#listeners.delete(listener) }
  }

  stop (): void {
    this.#say({ type: 'bye' })
    this.#cancelHeartbeat()
    this.#stops.forEach(stop => { stop() })
    this.#others.follow(undefined)
  }

  #sendHeartbeat (): void {
    this.#unanswered++

    // counts messages, not time: a process that was blocked has not waited for an answer
    if (this.#unanswered > LOST_AFTER) {
      this.#setConnected(false)

      if (this.#unanswered % RESET_EVERY === 0) {
        this.#bus.reset()
      }
    }

    this.#publish(this.#channel, { type: 'alive', ids: this.#own.ids })
    this.#report()
    this.#cancelHeartbeat = this.#timers.after(HEARTBEAT_INTERVAL, () => {
      this.#others.pass(HEARTBEAT_INTERVAL)
      this.#sendHeartbeat()
    })
  }

  #receive (text: string): void {
    const message = parseMessage(text)

    if (message == null) {
      return
    }

    const { from } = message

    if (from === this.#id) {
      if (message.type === 'alive') {
        this.#answered()
      }

      return
    }

    const isNew = this.#others.heard(from)
    const isComplete = this.#understand(message)

    if ((isNew && message.type !== 'hello' && message.type !== 'bye') || !isComplete) {
      this.#publish(this.#channelOf(from), { type: 'hello' })
    }
  }

  /** False: something before it was missed. */
  #understand (message: Message): boolean {
    const { from } = message

    switch (message.type) {
      case 'alive':
        return this.#others.keep(from, message.ids)
      case 'open':
        this.#others.open(from, message.requests)
        // at once, since the other process waits for it
        this.#report()
        break
      case 'close':
        this.#others.close(from, message.id)
        break
      case 'hello':
        this.#tellAll(from)
        break
      case 'report':
        message.reports.forEach(report => { this.#own.report(from, report) })
        break
      case 'bye':
        this.#others.gone(from)
        break
      default:
        message satisfies never
    }

    return true
  }

  #tellAll (process: string): void {
    const requests = this.#own.describe()

    // even an empty one: it shows that this process lives
    for (let from = 0; from === 0 || from < requests.length; from += MAX_REQUESTS) {
      this.#publish(this.#channelOf(process), { type: 'open', requests: requests.slice(from, from + MAX_REQUESTS) })
    }
  }

  #answered (): void {
    this.#unanswered = 0

    if (!this.#connected) {
      this.#setConnected(true)
      this.#publish(this.#channel, { type: 'hello' })
    }
  }

  #setConnected (connected: boolean): void {
    if (this.#connected !== connected) {
      this.#connected = connected

      for (const listener of this.#listeners) {
        listener(this.status())
      }
    }
  }

  #reportSoon (): void {
    if (!this.#reporting) {
      this.#reporting = true
      queueMicrotask(() => {
        this.#reporting = false
        this.#report()
      })
    }
  }

  #report (): void {
    if (this.#connected) {
      for (const [process, reports] of this.#others.takeReports()) {
        this.#publish(this.#channelOf(process), { type: 'report', reports })
      }
    }
  }

  /** Publishes to all processes, if they can be reached: they ask later for what they missed. */
  #say (body: Body<Message>): void {
    if (this.#connected) {
      this.#publish(this.#channel, body)
    }
  }

  #publish (channel: string, body: Body<Message>): void {
    this.#bus.publish(channel, JSON.stringify({ from: this.#id, ...body }))
  }

  #channelOf (process: string): string {
    return `${this.#channel}:${process}`
  }
}
