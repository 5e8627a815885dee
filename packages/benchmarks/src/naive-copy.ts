import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { Connection, Libp2p, Stream, StreamMessageEvent } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Uint8ArrayList } from 'uint8arraylist'

const PROTOCOLS = ['/ipfs/bitswap/1.2.0', '/ipfs/bitswap/1.1.0', '/ipfs/bitswap/1.0.0', '/ipfs/bitswap']

// libp2p's default limits are for clients: a server that copies streams soon
// reaches one of them
const UNLIMITED = 1 << 20

/** The node behind a naive copy, and the addresses to listen on. */
export interface NaiveCopyInit {
  /** Addresses of the node that everything is copied to and from, with `/p2p/`. */
  target: Multiaddr[]
  /** Addresses to listen on. */
  listen: string[]
}

/**
 * The baseline: a proxy that knows nothing of bitswap. Each bitswap stream that
 * a client opens is copied, byte by byte, to a new stream of the same protocol
 * at the target, and each that the target opens to a new one at the client that
 * connected last (only a proxy that reads messages could serve more than one).
 *
 * It is plain libp2p, except for two changes without which it would not
 * survive a benchmark: the limits on streams and connections are raised, and
 * both ends of a pair of streams are closed when one side has finished.
 *
 * Rejects with libp2p's error when the target cannot be reached.
 */
export async function startNaiveCopy (init: NaiveCopyInit): Promise<Libp2p> {
  const node = await createLibp2p({
    addresses: { listen: init.listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxInboundStreams: UNLIMITED, maxOutboundStreams: UNLIMITED, maxEarlyStreams: UNLIMITED })],
    connectionManager: { maxConnections: 10_000, inboundConnectionThreshold: 10_000, maxIncomingPendingConnections: 1_000 },
    services: { identify: identify() }
  })

  let client: Connection | undefined

  await node.handle(PROTOCOLS, (stream, connection) => {
    const fromTarget = connection.remotePeer.equals(target.remotePeer)

    if (!fromTarget) {
      client = connection
    }

    copy(stream, fromTarget ? client : target)
  }, { maxInboundStreams: UNLIMITED, maxOutboundStreams: UNLIMITED })

  const target = await node.dial(init.target)

  return node
}

function copy (source: Stream, to: Connection | undefined): void {
  if (to == null) {
    source.abort(new Error('no client has connected'))

    return
  }

  // the listeners are attached before anything is awaited: what the remote
  // sends or ends in the meantime would be lost without a trace
  const waiting: Array<Uint8Array | Uint8ArrayList> = []
  let sink: Stream | undefined
  let ended = false

  const end = (): void => {
    ended = true
    sink?.close().catch(err => { sink?.abort(err) })
    source.close().catch(err => { source.abort(err) })
  }

  source.addEventListener('message', (event: StreamMessageEvent) => {
    if (sink == null) {
      waiting.push(event.data)
    } else if (sink.writeStatus === 'writable' && !sink.send(event.data) && source.readStatus === 'readable') {
      source.pause()
    }
  })
  source.addEventListener('end', end)
  source.addEventListener('close', event => {
    if (event.error != null) {
      sink?.abort(event.error)
    }
  })

  to.newStream(source.protocol).then(stream => {
    sink = stream
    sink.addEventListener('drain', () => {
      if (source.readStatus === 'paused') {
        source.resume()
      }
    })
    sink.addEventListener('remoteCloseWrite', () => {
      stream.close().catch(err => { stream.abort(err) })
    })
    sink.addEventListener('close', event => {
      if (event.error != null) {
        source.abort(event.error)
      }
    })

    for (const data of waiting) {
      sink.send(data)
    }

    if (ended || source.readableEnded) {
      end()
    }
  }).catch(err => { source.abort(err) })
}
