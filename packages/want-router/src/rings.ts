import { InvalidOptionError } from './errors.ts'
import { LONGEST, MOST_BYTES, MOST_WAYS, nameOf, parseWays, PROTOCOL, say } from './ring-messages.ts'
import type { NetworkComponents } from './network/components.ts'
import type { Connection, Libp2pEvents, Logger, Stream, TypedEventTarget } from '@libp2p/interface'

interface RingsInit {
  /** The router's own peer id, under which others ask it. */
  readonly self: string
  /** Of the host that faces upstream. */
  readonly registrar: NetworkComponents['registrar']
  /** Of the one that faces downstream: its peers say there what they speak. */
  readonly events: TypedEventTarget<Libp2pEvents>
  isMember (peer: string): boolean
  /** Asking that member leads back here, and it is for this router to stop. */
  found (peer: string, error: Error): void
  readonly log: Logger
}

/** Which members lead back to this router, through others: see `ring-messages.ts`. */
export interface Rings {
  start (): Promise<void>
  stop (): Promise<void>
  /** A peer has become a member, or is none any more. */
  memberChanged (peer: string): void
  /**
   * For a peer that led back here when it was last heard of: resolves once it is known whether it still does.
   *
   * @throws {InvalidOptionError} it does
   */
  expectNone (peer: string, signal: AbortSignal): Promise<void>
}

/** What another router says, as long as it is connected. */
interface Router {
  readonly connection: Connection
  stream: Stream | undefined
  ways: ReadonlyArray<readonly string[]>
  /** It has said something, or has nothing to say. */
  heard: boolean
}

/** Makes the search for rings of a router that has not started. */
export function createRings (init: RingsInit): Rings {
  return new KnownRouters(init)
}

class KnownRouters implements Rings {
  readonly #init: RingsInit
  readonly #self: string
  readonly #routers = new Map<string, Router>()
  /** Streams of those that are told. */
  readonly #told = new Set<Stream>()
  /** Members that led back here when they were last heard of. */
  readonly #suspects = new Set<string>()
  #said = '[]'
  /** Settled when something is heard. */
  #news = Promise.withResolvers<void>()

  constructor (init: RingsInit) {
    this.#init = init
    this.#self = nameOf(init.self)
  }

  async start (): Promise<void> {
    const { registrar, events } = this.#init
    await registrar.handle(PROTOCOL, stream => { this.#tell(stream) }, { maxInboundStreams: 2, maxOutboundStreams: 2 })
    events.addEventListener('peer:identify', this.#onIdentify)
    events.addEventListener('connection:close', this.#onClose)
  }

  async stop (): Promise<void> {
    const { registrar, events } = this.#init
    events.removeEventListener('peer:identify', this.#onIdentify)
    events.removeEventListener('connection:close', this.#onClose)
    await registrar.unhandle(PROTOCOL)

    for (const stream of [...this.#told, ...Array.from(this.#routers.values(), ({ stream }) => stream)]) {
      stream?.abort(new Error('the router stops'))
    }

    this.#routers.clear()
  }

  memberChanged (peer: string): void {
    const router = this.#routers.get(peer)

    if (router == null) {
      return
    }

    if (this.#init.isMember(peer)) {
      this.#follow(peer, router)
    } else {
      router.stream?.abort(new Error('it is asked no more'))
      router.stream = undefined
      router.ways = []
    }

    this.#publish()
  }

  async expectNone (peer: string, signal: AbortSignal): Promise<void> {
    if (!this.#suspects.has(peer)) {
      return
    }

    const onAbort = (): void => { this.#news.resolve() }
    signal.addEventListener('abort', onAbort)

    while (this.#suspects.has(peer) && this.#routers.get(peer)?.heard !== true) {
      signal.throwIfAborted()
      await this.#news.promise
    }

    signal.removeEventListener('abort', onAbort)
    const router = this.#routers.get(peer)
    const ring = router == null ? undefined : this.#ringThrough(peer, router)

    if (ring != null) {
      throw leadsBack(peer, ring)
    }

    this.#suspects.delete(peer)
    this.#publish()
  }

  readonly #onIdentify = ({ detail: { peerId, protocols, connection } }: Libp2pEvents['peer:identify']): void => {
    const peer = peerId.toString()

    if (!protocols.includes(PROTOCOL)) {
      this.#suspects.delete(peer)
      this.#tellNews()
    }

    if (!protocols.includes(PROTOCOL) || this.#routers.get(peer)?.connection.status === 'open') {
      return
    }

    const router: Router = { connection, stream: undefined, ways: [], heard: false }
    this.#routers.set(peer, router)

    if (this.#init.isMember(peer)) {
      this.#follow(peer, router)
      this.#publish()
    }
  }

  readonly #onClose = ({ detail: connection }: Libp2pEvents['connection:close']): void => {
    const peer = connection.remotePeer.toString()

    if (this.#routers.get(peer)?.connection === connection) {
      this.#routers.delete(peer)
      this.#publish()
    }
  }

  #follow (peer: string, router: Router): void {
    if (router.stream != null) {
      return
    }

    router.connection.newStream(PROTOCOL).then(stream => {
      router.stream = stream
      this.#hear(peer, router, stream)
    }).catch(err => {
      this.#init.log('%s does not say which routers it asks - %e', peer, err)
      router.heard = true
      this.#tellNews()
    })
  }

  #hear (peer: string, router: Router, stream: Stream): void {
    const decoder = new TextDecoder()
    let line = ''

    stream.addEventListener('message', ({ data }) => {
      line += decoder.decode(data.subarray(), { stream: true })
      const end = line.lastIndexOf('\n')

      if (line.length - end > MOST_BYTES) {
        stream.abort(new Error('that is more than a router says'))
      } else if (end >= 0) {
        // only the last counts
        router.ways = parseWays(line.slice(line.lastIndexOf('\n', end - 1) + 1, end))
        line = line.slice(end + 1)
        this.#heard(peer, router)
      }
    })
    stream.addEventListener('close', () => {
      if (router.stream === stream) {
        router.stream = undefined
        router.ways = []
        this.#publish()
      }
    })
  }

  #heard (peer: string, router: Router): void {
    const ring = this.#ringThrough(peer, router)

    if (ring != null) {
      this.#suspects.add(peer)
    }

    router.heard = true
    this.#tellNews()
    this.#publish()

    if (ring != null && this.#init.isMember(peer)) {
      this.#init.found(peer, leadsBack(peer, ring))
    }
  }

  /** The others of a ring that is for this router to break: the one of the lowest name does. */
  #ringThrough (peer: string, { ways }: Router): readonly string[] | undefined {
    for (const way of ways) {
      const at = way.indexOf(this.#self)
      const others = [nameOf(peer), ...way.slice(0, at)]

      // two that ask each other are no concern here
      if (at > 0 && others.every(other => this.#self < other)) {
        return others
      }
    }
  }

  #tellNews (): void {
    this.#news.resolve()
    this.#news = Promise.withResolvers()
  }

  #tell (stream: Stream): void {
    this.#told.add(stream)
    stream.addEventListener('close', () => { this.#told.delete(stream) })
    say(stream, this.#said)
  }

  /** Tells those that ask, if there is something new. */
  #publish (): void {
    const ways: string[][] = []

    for (const [peer, router] of this.#routers) {
      if (this.#init.isMember(peer) && !this.#suspects.has(peer)) {
        const name = nameOf(peer)
        const further = router.ways.filter(way => way.length < LONGEST - 1 && !way.includes(name))
        ways.push([name], ...further.map(way => [name, ...way]))
      }
    }

    const said = JSON.stringify(ways.filter(way => !way.includes(this.#self)).sort().slice(0, MOST_WAYS))

    if (said !== this.#said) {
      this.#said = said
      this.#told.forEach(stream => { say(stream, said) })
    }
  }
}

function leadsBack (peer: string, { length }: readonly string[]): InvalidOptionError {
  return new InvalidOptionError(`${peer} leads back to this router: ${length + 1} routers ask one another in a ring, in which wants would go round; remove one of them from the configuration of another`)
}
