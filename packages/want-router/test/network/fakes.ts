import { generateKeyPair } from '@libp2p/crypto/keys'
import { ConnectionClosedError, StreamCloseEvent, TypedEventEmitter, UnsupportedProtocolError } from '@libp2p/interface'
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { AbstractStream } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { Uint8ArrayList } from 'uint8arraylist'
import type { NetworkComponents } from '../../src/network/components.ts'
import type { After } from '../../src/stall-grace.ts'
import type { Connection, ConnectionStatus, Libp2pEvents, MessageStreamEvents, MessageStreamDirection, NewStreamOptions, PeerId, Stream, StreamHandler } from '@libp2p/interface'
import type { SendResult } from '@libp2p/utils'

/** Time that passes only when a test lets it. */
export interface Clock {
  now (): number
  after: After
  /** Lets time pass, and runs everything that is due in it. */
  advance (ms: number): Promise<void>
  readonly timers: number
}

export function fakeClock (): Clock {
  let time = 0
  const timers = new Set<{ at: number, run (): void }>()

  return {
    now: () => time,
    after (ms, run) {
      const timer = { at: time + ms, run }
      timers.add(timer)

      return () => { timers.delete(timer) }
    },
    async advance (ms) {
      const until = time + ms

      for (;;) {
        const due = [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]

        if (due == null) {
          break
        }

        time = due.at
        timers.delete(due)
        due.run()
        await settled()
      }

      time = until
      await settled()
    },
    get timers () {
      return timers.size
    }
  }
}

/** Resolves when everything that needs no more input has happened. */
export async function settled (): Promise<void> {
  await new Promise(resolve => { setImmediate(resolve) })
}

let streams = 0

/**
 * libp2p's own stream, with the events and states that it really has, over a
 * transport that a test controls.
 */
export class FakeStream extends AbstractStream {
  /** All bytes that have left. */
  left = new Uint8ArrayList()
  /** How many bytes the transport still takes. */
  capacity = Infinity
  /** The capacity that is left of the peer's window, as in yamux. */
  get sendWindowCapacity (): number {
    return this.capacity
  }

  /** Round trip as yamux measures it, ms. */
  roundTrip = 100

  getRTT (): number {
    return this.roundTrip
  }

  resetSent = false
  closeSent = false
  /** The other side has been told to stop. */
  stopped = false

  constructor (protocol = '/ipfs/bitswap/1.2.0', direction: MessageStreamDirection = 'inbound') {
    super({
      id: `${streams++}`,
      protocol,
      direction,
      log: defaultLogger().forComponent('test:stream')
    })
  }

  sendData (data: Uint8ArrayList): SendResult {
    const sentBytes = Math.min(this.capacity, data.byteLength)
    this.left.append(data.slice(0, sentBytes))
    this.capacity -= sentBytes

    return { sentBytes, canSendMore: this.capacity > 0 }
  }

  sendReset (): void {
    this.resetSent = true
  }

  async sendCloseWrite (): Promise<void> {
    this.closeSent = true
  }

  async sendCloseRead (): Promise<void> {}

  sendPause (): void {
    this.stopped = true
  }

  sendResume (): void {
    this.stopped = false
  }

  /** The other side sends. */
  receive (...data: Array<Uint8Array | number[]>): void {
    this.onData(new Uint8ArrayList(...data.map(part => Uint8Array.from(part))))
  }

  /** Everything leaves, without an event. */
  leaveSilently (): void {
    this.writeBuffer.consume(this.writeBuffer.byteLength)
    this.writableNeedsDrain = false
  }

  /** The other side has read this many bytes. */
  async drain (bytes: number): Promise<void> {
    this.capacity += bytes
    this.onMuxerDrain()
    await settled()
  }
}

export class FakeConnection extends TypedEventEmitter<MessageStreamEvents> {
  id = `${streams++}`
  remoteAddr = multiaddr('/ip4/127.0.0.1/tcp/4001')
  direction: MessageStreamDirection = 'inbound'
  timeline = { open: 0 }
  multiplexer = '/yamux/1.0.0'
  status: ConnectionStatus = 'open'
  direct = true
  rtt = 10
  log = defaultLogger().forComponent('test:connection')
  limits?: { bytes: bigint }
  streams: FakeStream[] = []
  /** Streams that were asked for, refused ones too. */
  asked = 0
  /** What happens when a stream is asked for. */
  negotiate: (options: NewStreamOptions) => Promise<void> = async () => {}
  /** The protocols that the other side speaks. */
  protocols = ['/ipfs/bitswap/1.2.0', '/ipfs/bitswap/1.1.0', '/ipfs/bitswap/1.0.0', '/ipfs/bitswap']
  /** How many bytes the transport of a new stream takes. */
  capacity = Infinity
  remotePeer: PeerId

  constructor (remotePeer: PeerId) {
    super()
    this.remotePeer = remotePeer
  }

  newStream = async (protocols: string | string[], options: NewStreamOptions = {}): Promise<Stream> => {
    this.asked++
    await this.negotiate(options)
    options.signal?.throwIfAborted()
    const protocol = [protocols].flat().find(protocol => this.protocols.includes(protocol))

    if (protocol == null) {
      throw new UnsupportedProtocolError('Protocol selection failed')
    }

    const stream = new FakeStream(protocol, 'outbound')
    stream.capacity = this.capacity
    this.streams.push(stream)

    return stream
  }

  get last (): FakeStream {
    const stream = this.streams.at(-1)

    if (stream == null) {
      throw new Error('no stream was opened')
    }

    return stream
  }

  async close (): Promise<void> {
    this.end()
  }

  abort (err: Error): void {
    this.end(err)
  }

  /** Ends the muxer and leaves the connection open, as libp2p does when the peer ends it or opens too many streams. */
  endMuxer (): void {
    for (const stream of this.streams.splice(0)) {
      stream.onTransportClosed()
    }

    this.closeMuxer()
  }

  /** Begins to close the connection: no stream can be opened any more, but existing ones may still send. */
  closeMuxer (): void {
    this.negotiate = async () => { throw new ConnectionClosedError('The connection muxer has ended') }
  }

  /** The transport is gone; libp2p fires its events in this order. */
  end (err?: Error): void {
    if (this.status !== 'open') {
      return
    }

    this.status = err == null ? 'closed' : 'aborted'

    for (const stream of this.streams) {
      stream.onTransportClosed()
    }

    this.dispatchEvent(new StreamCloseEvent(true, err))
  }
}

export interface FakeHost extends NetworkComponents {
  events: TypedEventEmitter<Libp2pEvents>
  handlers: Map<string, StreamHandler>
  /** A connection is opened by, or to, that peer. */
  connected (peer: PeerId): FakeConnection
  /** The other side opens a stream. */
  stream (connection: FakeConnection, protocol?: string): FakeStream
  /** What was dialed. */
  dialed: unknown[]
  onDial(): FakeConnection
}

export function fakeHost (): FakeHost {
  const connections: FakeConnection[] = []
  const handlers = new Map<string, StreamHandler>()
  const events = new TypedEventEmitter<Libp2pEvents>()

  const host: FakeHost = {
    events,
    handlers,
    dialed: [],
    logger: defaultLogger(),
    onDial: () => { throw new Error('could not be dialed') },
    registrar: {
      async handle (protocol, handler) {
        if (handlers.has(protocol)) {
          throw new Error(`${protocol} is taken`)
        }

        handlers.set(protocol, handler)
      },
      async unhandle (protocol) {
        handlers.delete(protocol)
      }
    },
    connectionManager: {
      getConnections: () => connections.filter(({ status }) => status === 'open') as Connection[],
      async openConnection (target) {
        host.dialed.push(target)

        return host.onDial()
      }
    },
    connected (peer) {
      const connection = new FakeConnection(peer)
      connections.push(connection)
      connection.addEventListener('close', () => {
        events.safeDispatchEvent('connection:close', { detail: connection as Connection })
      })
      events.safeDispatchEvent('connection:open', { detail: connection as Connection })

      return connection
    },
    stream (connection, protocol = '/ipfs/bitswap/1.2.0') {
      const stream = new FakeStream(protocol)
      connection.streams.push(stream)
      void handlers.get(protocol)?.(stream, connection)

      return stream
    }
  }

  return host
}

export async function randomPeer (): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}
