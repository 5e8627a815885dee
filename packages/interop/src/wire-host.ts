import { identify } from '@libp2p/identify'
import { mplex } from '@libp2p/mplex'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { Libp2p, PrivateKey } from '@libp2p/interface'

/** More than any test opens: only the limits of the peers under test must matter. */
const UNLIMITED = 100_000

/** The identity, the listeners and the muxer of a host. */
export interface WireHostInit {
  /** Default: 'yamux'. js-ipfs speaks only mplex. */
  muxer?: 'yamux' | 'mplex'
  /** Multiaddrs to listen on, or the short forms for loopback and a free port; default: none. */
  listen?: ReadonlyArray<'tcp' | 'ws' | string>
  privateKey?: PrivateKey
}

/** A libp2p host without limits that speaks identify and ping. */
export async function createWireHost (init: WireHostInit = {}): Promise<Libp2p> {
  const limits = { maxInboundStreams: UNLIMITED, maxOutboundStreams: UNLIMITED }

  return createLibp2p({
    ...(init.privateKey == null ? {} : { privateKey: init.privateKey }),
    addresses: {
      listen: (init.listen ?? []).map(address => {
        switch (address) {
          case 'tcp': return '/ip4/127.0.0.1/tcp/0'
          case 'ws': return '/ip4/127.0.0.1/tcp/0/ws'
          default: return address
        }
      })
    },
    transports: [tcp(), webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [init.muxer === 'mplex' ? mplex({ disconnectThreshold: UNLIMITED }) : yamux()],
    connectionManager: {
      maxConnections: UNLIMITED,
      maxParallelDials: UNLIMITED,
      inboundConnectionThreshold: UNLIMITED,
      maxIncomingPendingConnections: UNLIMITED,
      reconnectRetries: 0
    },
    connectionMonitor: { enabled: false },
    services: { identify: identify(limits), ping: ping(limits) }
  })
}
