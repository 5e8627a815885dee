import { BITSWAP_PROTOCOLS, cidPrefix, decodeMessage, encodeFrame, frameDecoder, parsePrefix, prefixCid } from '@kitsune/bitswap-codec'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import { Uint8ArrayList } from 'uint8arraylist'
import { hashBlock } from './hash-block.ts'
import { sendInOneFlight } from './one-flight.ts'
import { condition } from './until.ts'
import { createWireHost } from './wire-host.ts'
import type { TestBlock } from './blocks.ts'
import type { WireHostInit } from './wire-host.ts'
import type { BitswapMessage, BitswapProtocol, MessageBlock, Outgoing, Presence, WantEntry } from '@kitsune/bitswap-codec'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'

/** Above this many unsent bytes a sender waits: what a peer buffers is not what a test is about. */
const WRITE_MARK = 1 << 20

/** A frame of ours may exceed what a peer accepts: that is some tests' point. */
const MAX_FRAME = 64 << 20

export interface Received {
  from: string
  protocol: string
  message: BitswapMessage
  /** Bytes of the frame's body. */
  size: number
  /** performance.now() of its arrival. */
  at: number
}

export interface WirePeerInit extends WireHostInit {
  /** The bitswap ids it registers and offers when it opens a stream, best first; default: all four. */
  protocols?: readonly BitswapProtocol[]
  /** False: opens and accepts streams and takes no byte from them, so that the sender's window stays closed. Default: true. */
  reads?: boolean
  /** False: counts messages and bytes and keeps none, for transfers larger than memory. Default: true. */
  keeps?: boolean
  /** Opens a stream for each message, as Helia and js-ipfs do; default: one for all. */
  streamPerMessage?: boolean
  /** Opens a stream for each message and sends it with the protocol, the first of `protocols`, and its end without waiting, as older kubos do. */
  inOneFlight?: boolean
  /** Called with each message as it arrives. */
  onMessage? (received: Received, self: WirePeer): void
}

export interface WantOptions {
  type?: 'block' | 'have'
  priority?: number
  sendDontHave?: boolean
}

/** A peer whose every message is written by a test. */
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
  /** What each peer wants of this one now: its want entries, less its cancels, by CID. */
  wantsOf (peer: string): ReadonlyMap<string, WantEntry>
  /** Dials; returns the remote's peer id. */
  connect (address: string): Promise<string>
  disconnect (peer: string): Promise<void>
  connections (peer: string): Connection[]
  send (peer: string, message: Outgoing): Promise<void>
  /** Bytes that need not be a frame, on a stream of their own, which is returned open. */
  sendRaw (peer: string, ...chunks: Uint8Array[]): Promise<Stream>
  openStream (peer: string): Promise<Stream>
  want (peer: string, cids: readonly CID[], options?: WantOptions): Promise<void>
  cancel (peer: string, cids: readonly CID[]): Promise<void>
  sendBlocks (peer: string, blocks: readonly TestBlock[]): Promise<void>
  sendPresences (peer: string, presences: ReadonlyArray<{ cid: CID, have: boolean }>): Promise<void>
  /** Resolves once `predicate` holds: it is checked again after each message. */
  until (predicate: () => boolean, what: string, timeout?: number): Promise<void>
  /** Wants the blocks and resolves when all are here and right. */
  fetch (peer: string, cids: readonly CID[], timeout?: number): Promise<Uint8Array[]>
  stop (): Promise<void>
}

export function wantEntry (cid: CID, options: WantOptions & { cancel?: boolean } = {}): WantEntry {
  return {
    cid: cid.bytes,
    priority: options.priority ?? 1,
    cancel: options.cancel ?? false,
    wantType: options.type ?? 'block',
    sendDontHave: options.sendDontHave ?? false
  }
}

export function messageBlock ({ cid, bytes }: TestBlock): MessageBlock {
  return { prefix: cidPrefix(cid.bytes), data: bytes }
}

export async function createWirePeer (init: WirePeerInit = {}): Promise<WirePeer> {
  const protocols = init.protocols ?? BITSWAP_PROTOCOLS
  const host = await createWireHost(init)
  const { changed, until } = condition()
  const received: Received[] = []
  const blocks = new Map<string, Uint8Array>()
  const arrivals = new Map<string, number>()
  const presences = new Map<string, 'have' | 'dont-have'>()
  const wants = new Map<string, Map<string, WantEntry>>()
  const streams = new Map<string, Promise<Stream>>()
  let bytesReceived = 0

  const note = (entry: Received): void => {
    bytesReceived += entry.size

    if (init.keeps !== false) {
      received.push(entry)
      entry.message.presences.forEach(({ cid, have }) => presences.set(CID.decode(cid).toString(), have ? 'have' : 'dont-have'))

      for (const { prefix, data } of entry.message.blocks) {
        const digest = hashBlock(parsePrefix(prefix).hashCode, data)

        if (digest != null) {
          const cid = CID.decode(prefixCid(prefix, digest)).toString()
          blocks.set(cid, data)
          arrivals.set(cid, (arrivals.get(cid) ?? 0) + 1)
        }
      }

      noteWants(entry)
    }

    init.onMessage?.(entry, self)
    changed()
  }

  const noteWants = ({ from, message }: Received): void => {
    const list = message.full ? new Map<string, WantEntry>() : wants.get(from) ?? new Map<string, WantEntry>()

    for (const entry of message.wants) {
      const cid = CID.decode(entry.cid).toString()

      if (entry.cancel) {
        list.delete(cid)
      } else {
        list.set(cid, entry)
      }
    }

    wants.set(from, list)
  }

  // every listener is attached before anything is awaited: an event that passes first is gone
  const onStream = (stream: Stream, connection: Connection): void => {
    if (init.reads === false) {
      stream.pause()
      return
    }

    const decoder = frameDecoder({ maxFrameLength: MAX_FRAME })

    stream.addEventListener('message', ({ data }) => {
      for (const frame of decoder.push(data)) {
        note({
          from: connection.remotePeer.toString(),
          protocol: stream.protocol,
          message: decodeMessage(frame),
          size: frame.byteLength,
          at: performance.now()
        })
      }
    })

    // else the stream stays half open and counts against the remote's limits
    const closeOurs = (): void => { stream.close().catch(() => {}) }
    stream.addEventListener('remoteCloseWrite', closeOurs)

    // it may have come with its end in one flight
    if (stream.remoteWriteStatus === 'closed') {
      closeOurs()
    }
  }

  await host.handle([...protocols], onStream, { maxInboundStreams: 100_000, maxOutboundStreams: 100_000 })

  const connectionTo = (peer: string): Connection => {
    const [connection] = host.getConnections(peerIdFromString(peer))

    if (connection == null) {
      throw new Error(`no connection to ${peer}: connect() first`)
    }

    return connection
  }

  const openStream = async (peer: string): Promise<Stream> => {
    return connectionTo(peer).newStream([...protocols], { maxOutboundStreams: 100_000 })
  }

  const streamTo = async (peer: string): Promise<Stream> => {
    if (init.streamPerMessage === true) {
      return openStream(peer)
    }

    const open = streams.get(peer)

    if (open != null && (await open).writeStatus === 'writable') {
      return open
    }

    const stream = openStream(peer)
    stream.catch(() => { streams.delete(peer) })
    streams.set(peer, stream)

    return stream
  }

  const self: WirePeer = {
    peerId: host.peerId.toString(),
    get addresses () { return host.getMultiaddrs().map(address => address.toString()) },
    host,
    received,
    get bytesReceived () { return bytesReceived },
    blocks,
    arrivals,
    presences,
    wantsOf (peer) {
      return wants.get(peer) ?? new Map()
    },
    async connect (address) {
      const connection = await host.dial(multiaddr(address))

      return connection.remotePeer.toString()
    },
    async disconnect (peer) {
      streams.delete(peer)
      await host.hangUp(peerIdFromString(peer))
    },
    connections (peer) {
      return host.getConnections(peerIdFromString(peer))
    },
    openStream,
    async send (peer, message) {
      if (init.inOneFlight === true) {
        const [protocol] = protocols
        return sendInOneFlight(connectionTo(peer), protocol, Buffer.concat(encodeFrame(message, protocol)))
      }

      const stream = await streamTo(peer)
      stream.send(new Uint8ArrayList(...encodeFrame(message, stream.protocol as BitswapProtocol)))

      if (init.streamPerMessage === true) {
        await stream.close()
      } else {
        await writable(stream)
      }
    },
    async sendRaw (peer, ...chunks) {
      const stream = await openStream(peer)

      for (const chunk of chunks) {
        stream.send(chunk)
        await writable(stream)
      }

      return stream
    },
    async want (peer, cids, options) {
      await self.send(peer, { wants: cids.map(cid => wantEntry(cid, options)) })
    },
    async cancel (peer, cids) {
      await self.send(peer, { wants: cids.map(cid => wantEntry(cid, { cancel: true })) })
    },
    async sendBlocks (peer, blocks) {
      await self.send(peer, { blocks: blocks.map(messageBlock) })
    },
    async sendPresences (peer, presences) {
      await self.send(peer, { presences: presences.map(({ cid, have }): Presence => ({ cid: cid.bytes, have })) })
    },
    until,
    async fetch (peer, cids, timeout) {
      await self.want(peer, cids)
      await until(() => cids.every(cid => blocks.has(cid.toString())), `${cids.length} block(s), the first ${cids[0]?.toString()}`, timeout)

      return cids.map(cid => blocks.get(cid.toString()) ?? new Uint8Array())
    },
    async stop () {
      await host.stop()
    }
  }

  return self
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
