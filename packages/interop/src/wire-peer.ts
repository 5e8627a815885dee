import { BITSWAP_PROTOCOLS, cidPrefix, encodeFrame } from '@kitsune/bitswap-codec'
import { receiveMessages } from '@kitsune/want-router/client'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { Uint8ArrayList } from 'uint8arraylist'
import { sendInOneFlight } from './one-flight.ts'
import { condition } from './until.ts'
import { createWireHost } from './wire-host.ts'
import { WireInbox } from './wire-inbox.ts'
import type { TestBlock } from './blocks.ts'
import type { Condition } from './until.ts'
import type { WireHostInit } from './wire-host.ts'
import type { Received } from './wire-inbox.ts'
import type { BitswapMessage, BitswapProtocol, MessageBlock, Outgoing, WantEntry } from '@kitsune/bitswap-codec'
import type { MessageOrigin } from '@kitsune/want-router/client'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import type { CID } from 'multiformats'

/** Above this many unsent bytes a sender waits, so that a test does not measure a peer's buffers. */
const WRITE_MARK = 1 << 20

/** A frame of a test may be longer than a peer accepts: some tests check that. */
const MAX_FRAME = 64 << 20

const MAX_STREAMS = 100_000

/** Which protocols a peer speaks, and what it does with what it receives. */
export interface WirePeerInit extends WireHostInit {
  /** The bitswap protocols that it registers, and offers when it opens a stream, best first. Default: all four. */
  protocols?: readonly BitswapProtocol[]
  /** False: it opens and accepts streams but does not read from them, so that the sender's window stays closed. Default: true. */
  reads?: boolean
  /** False: it counts bytes and keeps no messages, for transfers larger than memory. Default: true. */
  keeps?: boolean
  /** Whether it opens a stream for each message, as Helia and js-ipfs do. Default: one stream for all. */
  streamPerMessage?: boolean
  /** Whether it opens a stream for each message and sends the protocol (the first of `protocols`), the message and the end without waiting, as older kubos do. */
  inOneFlight?: boolean
  /** Called with each message as it arrives. */
  onMessage? (received: Received, self: WirePeer): void
}

/** The options of a wantlist entry. Default: a want-block of priority 1. */
export interface WantOptions {
  type?: 'block' | 'have'
  priority?: number
  sendDontHave?: boolean
}

/** A peer whose every message a test writes. */
export interface WirePeer {
  readonly peerId: string
  /** With /p2p/. */
  readonly addresses: string[]
  readonly host: Libp2p
  readonly received: Received[]
  readonly bytesReceived: number
  /** Verified blocks received, by the CID that their prefix and bytes make. */
  readonly blocks: ReadonlyMap<string, Uint8Array>
  /** How many times each arrived. */
  readonly arrivals: ReadonlyMap<string, number>
  /** The last presence received for each CID. */
  readonly presences: ReadonlyMap<string, 'have' | 'dont-have'>
  /** What a peer wants from this one now: its entries that were not cancelled, by CID. */
  wantsOf (peer: string): ReadonlyMap<string, WantEntry>
  /** Dials; returns the remote's peer id. */
  connect (address: string): Promise<string>
  disconnect (peer: string): Promise<void>
  connections (peer: string): Connection[]
  send (peer: string, message: Outgoing): Promise<void>
  /** Sends bytes, which need not be a frame, on a new stream, and returns it open. */
  sendRaw (peer: string, ...chunks: Uint8Array[]): Promise<Stream>
  openStream (peer: string): Promise<Stream>
  want (peer: string, cids: readonly CID[], options?: WantOptions): Promise<void>
  cancel (peer: string, cids: readonly CID[]): Promise<void>
  sendBlocks (peer: string, blocks: readonly TestBlock[]): Promise<void>
  sendPresences (peer: string, presences: ReadonlyArray<{ cid: CID, have: boolean }>): Promise<void>
  /** Resolves once `predicate` holds: it is checked again after each message. */
  until (predicate: () => boolean, what: string, timeout?: number): Promise<void>
  /** Wants the blocks, and resolves when all have arrived and are correct. */
  fetch (peer: string, cids: readonly CID[], timeout?: number): Promise<Uint8Array[]>
  stop (): Promise<void>
}

/** Makes an entry of a wantlist. */
export function wantEntry (cid: CID, options: WantOptions & { cancel?: boolean } = {}): WantEntry {
  return {
    cid: cid.bytes,
    priority: options.priority ?? 1,
    cancel: options.cancel ?? false,
    wantType: options.type ?? 'block',
    sendDontHave: options.sendDontHave ?? false
  }
}

/** The block as messages carry it. */
export function messageBlock ({ cid, bytes }: TestBlock): MessageBlock {
  return { prefix: cidPrefix(cid.bytes), data: bytes }
}

/** Starts a libp2p host that sends and receives bitswap messages as a test says. */
export async function createWirePeer (init: WirePeerInit = {}): Promise<WirePeer> {
  const host = await createWireHost(init)
  const peer = new HandWrittenPeer(host, init)
  await peer.handle()

  return peer
}

class HandWrittenPeer implements WirePeer {
  readonly host: Libp2p
  readonly #init: WirePeerInit
  readonly #protocols: readonly BitswapProtocol[]
  readonly #inbox = new WireInbox()
  readonly #condition = condition()
  readonly #streams = new Map<string, Promise<Stream>>()
  readonly until: Condition['until'] = this.#condition.until
  readonly peerId: string
  bytesReceived = 0

  constructor (host: Libp2p, init: WirePeerInit) {
    this.host = host
    this.peerId = host.peerId.toString()
    this.#init = init
    this.#protocols = init.protocols ?? BITSWAP_PROTOCOLS
  }

  get addresses (): string[] {
    return this.host.getMultiaddrs().map(address => address.toString())
  }

  get received (): Received[] {
    return this.#inbox.received
  }

  get blocks (): ReadonlyMap<string, Uint8Array> {
    return this.#inbox.blocks
  }

  get arrivals (): ReadonlyMap<string, number> {
    return this.#inbox.arrivals
  }

  get presences (): ReadonlyMap<string, 'have' | 'dont-have'> {
    return this.#inbox.presences
  }

  wantsOf (peer: string): ReadonlyMap<string, WantEntry> {
    return this.#inbox.wantsOf(peer)
  }

  async handle (): Promise<void> {
    if (this.#init.reads === false) {
      await this.host.handle([...this.#protocols], stream => { stream.pause() }, { maxInboundStreams: MAX_STREAMS, maxOutboundStreams: MAX_STREAMS })
    } else {
      await receiveMessages(this.host, {
        protocols: this.#protocols,
        maxFrameLength: MAX_FRAME,
        maxStreams: MAX_STREAMS,
        onMessage: (message, origin) => { this.#receive(message, origin) },
        // perhaps a failed assertion of a test, which must not get lost
        onError: err => { queueMicrotask(() => { throw err }) }
      })
    }
  }

  async connect (address: string): Promise<string> {
    const connection = await this.host.dial(multiaddr(address))

    return connection.remotePeer.toString()
  }

  async disconnect (peer: string): Promise<void> {
    this.#streams.delete(peer)
    await this.host.hangUp(peerIdFromString(peer))
  }

  connections (peer: string): Connection[] {
    return this.host.getConnections(peerIdFromString(peer))
  }

  async openStream (peer: string): Promise<Stream> {
    return this.#connectionTo(peer).newStream([...this.#protocols], { maxOutboundStreams: MAX_STREAMS })
  }

  async send (peer: string, message: Outgoing): Promise<void> {
    if (this.#init.inOneFlight === true) {
      const [protocol] = this.#protocols

      return sendInOneFlight(this.#connectionTo(peer), protocol, Buffer.concat(encodeFrame(message, protocol)))
    }

    const stream = await this.#streamTo(peer)
    stream.send(new Uint8ArrayList(...encodeFrame(message, stream.protocol as BitswapProtocol)))

    if (this.#init.streamPerMessage === true) {
      await stream.close()
    } else {
      await writable(stream)
    }
  }

  async sendRaw (peer: string, ...chunks: Uint8Array[]): Promise<Stream> {
    const stream = await this.openStream(peer)

    for (const chunk of chunks) {
      stream.send(chunk)
      await writable(stream)
    }

    return stream
  }

  async want (peer: string, cids: readonly CID[], options?: WantOptions): Promise<void> {
    await this.send(peer, { wants: cids.map(cid => wantEntry(cid, options)) })
  }

  async cancel (peer: string, cids: readonly CID[]): Promise<void> {
    await this.send(peer, { wants: cids.map(cid => wantEntry(cid, { cancel: true })) })
  }

  async sendBlocks (peer: string, blocks: readonly TestBlock[]): Promise<void> {
    await this.send(peer, { blocks: blocks.map(messageBlock) })
  }

  async sendPresences (peer: string, presences: ReadonlyArray<{ cid: CID, have: boolean }>): Promise<void> {
    await this.send(peer, { presences: presences.map(({ cid, have }) => ({ cid: cid.bytes, have })) })
  }

  async fetch (peer: string, cids: readonly CID[], timeout?: number): Promise<Uint8Array[]> {
    await this.want(peer, cids)
    await this.until(() => cids.every(cid => this.blocks.has(cid.toString())), `${cids.length} block(s), the first ${cids[0]?.toString()}`, timeout)

    return cids.map(cid => this.blocks.get(cid.toString()) ?? new Uint8Array())
  }

  async stop (): Promise<void> {
    await this.host.stop()
  }

  #receive (message: BitswapMessage, { connection, stream, size }: MessageOrigin): void {
    const entry: Received = { from: connection.remotePeer.toString(), protocol: stream.protocol, message, size, at: performance.now() }
    this.bytesReceived += size

    if (this.#init.keeps !== false) {
      this.#inbox.add(entry)
    }

    this.#init.onMessage?.(entry, this)
    this.#condition.changed()
  }

  #connectionTo (peer: string): Connection {
    const [connection] = this.connections(peer)

    if (connection == null) {
      throw new Error(`no connection to ${peer}: connect() first`)
    }

    return connection
  }

  async #streamTo (peer: string): Promise<Stream> {
    if (this.#init.streamPerMessage === true) {
      return this.openStream(peer)
    }

    const open = this.#streams.get(peer)

    if (open != null && (await open).writeStatus === 'writable') {
      return open
    }

    const stream = this.openStream(peer)
    stream.catch(() => { this.#streams.delete(peer) })
    this.#streams.set(peer, stream)

    return stream
  }
}

async function writable (stream: Stream): Promise<void> {
  while (stream.writeBufferLength > WRITE_MARK && stream.status === 'open') {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stream.removeEventListener('drain', done)
        stream.removeEventListener('close', done)
        resolve()
      }

      stream.addEventListener('drain', done)
      stream.addEventListener('close', done)
    })
  }
}
