import { Server } from 'node:net'
import { ConnectionFailedError } from '@libp2p/interface'
import { webSockets } from '@libp2p/websockets'
import { ACCEPT_QUEUE } from '../accept-queue.ts'
import { createPendingPlaces } from '../pending-places.ts'
import { socketHost } from '../remote-host.ts'
import { hookUpgrades } from '../upgrade-hook.ts'
import { believeProxies } from './proxied-websockets.ts'
import { createUnfinishedCheck } from './unfinished-messages.ts'
import { unmaskByWords } from './unmasking.ts'
import type { TrustedProxies } from '../trusted-proxies.ts'
import type { WarnMissing } from '../warn.ts'
import type { ReceivingSocket } from './unfinished-messages.ts'
import type { MaskedSocket } from './unmasking.ts'
import type { Listener, MultiaddrConnection, Transport } from '@libp2p/interface'
import type { WebSocketsComponents } from '@libp2p/websockets'
import type { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { ListenOptions, Socket } from 'node:net'

/** The methods that sockets of the ws package and of Node share, and those that only the former have. */
interface Socketlike {
  addEventListener (type: 'error', listener: () => void): void
  close (): void
  terminate? (): void
  pause? (): void
  resume? (): void
}

/** The methods by which libp2p pauses a transport. They are not part of its interface. */
interface Pausable {
  sendPause (): void
  sendResume (): void
}

/** The parts of the ws package's server that this module uses. */
interface WebSocketServer extends EventEmitter {
  options?: Record<string, unknown>
  clients?: Set<ReceivingSocket>
}

/** Limits of the WebSocket transport. */
export interface WebSocketLimits {
  /** Sockets open at a listener at the same time. */
  maxSockets: number
  /** Sockets that have not become WebSockets yet. Beyond that the oldest one of the address with the most of them is closed. */
  pending: number
  /** A socket that has not become a WebSocket within this time is closed, ms. */
  upgradeTimeout: number
  /** A message that is not complete this long after its first byte ends its socket, ms. */
  unfinishedTimeout: number
}

/**
 * Limits of one WebSocket message. Clients send noise frames of at most 64 KiB and a
 * few handshake bytes, each in a message of one fragment, or a few of them together.
 * `ws` alone would buffer 100 MiB for an unknown peer, in 16,384 fragments or 262,144
 * pieces, each of which costs some hundred bytes even if it is small.
 */
const MESSAGE = {
  maxPayload: 256 << 10,
  maxFragments: 64,
  // segments of 536 bytes, the smallest size that every network supports
  maxBufferedChunks: 512
} as const

/** How long a refused client keeps its socket if it does not answer the close frame, ms. With the 30 s of `ws` a few thousand such clients fill a listener. */
const CLOSE_TIMEOUT = 2_000

/** How much memory the unfinished messages of all sockets of a listener may take, bytes. */
const UNFINISHED = 32 << 20

/** How often unfinished messages are checked, ms. */
const CHECK_INTERVAL = 250

/**
 * libp2p's WebSockets transport, hardened for the internet. As of 10.1 libp2p's
 * transport (1) ends the process at a malformed WebSocket frame, since it does not
 * listen for the socket's errors; (2) leaves the socket open when a connection is
 * aborted, since it closes it with the reserved code 1006, which throws; (3) waits
 * forever for the first byte and for the HTTP request; (4) accepts any number of
 * sockets, messages of 100 MiB, and messages that never end. The internal fields are
 * not part of its interface; if one is missing, its protection is missing too, which
 * is reported. Clients behind `trustedProxies` have their own addresses.
 */
export function hardenedWebSockets (limits: WebSocketLimits, warnMissing: WarnMissing, trustedProxies?: TrustedProxies): (components: WebSocketsComponents) => Transport {
  return (components) => {
    const transport = hookUpgrades(webSockets()(components), async (connection, upgrade) => closeSocketWith(connection, warnMissing, upgrade))
    const { createListener } = transport

    transport.createListener = (options) => {
      const listener = createListener.call(transport, options)
      boundSockets(listener, limits, warnMissing)

      if (trustedProxies != null) {
        believeProxies(listener, trustedProxies, warnMissing)
      }

      return listener
    }

    return transport
  }
}

/** Closes the socket when the connection ends in any way. */
export async function closeSocketWith <T> (connection: MultiaddrConnection, warnMissing: WarnMissing, upgrade: () => Promise<T>): Promise<T> {
  const { websocket } = connection as { websocket?: Socketlike }

  if (websocket == null) {
    warnMissing('@libp2p/websockets', 'websocket of a connection', 'a malformed frame may end the process, and an aborted connection may keep its socket')
  }

  websocket?.addEventListener('error', () => {
    connection.abort(new ConnectionFailedError('malformed WebSocket frame'))
  })

  // listeners have sockets of the ws package; dialled connections have Node's, which receive unmasked data
  if (typeof websocket?.terminate === 'function') {
    unmaskByWords(websocket as MaskedSocket, warnMissing)
  }

  // libp2p does not pause WebSockets; those of Node, which dialled connections have, cannot be paused
  if (typeof websocket?.pause === 'function' && typeof websocket.resume === 'function') {
    Object.assign<MultiaddrConnection, Pausable>(connection, {
      sendPause: () => { websocket.pause?.() },
      sendResume: () => { websocket.resume?.() }
    })
  }

  connection.addEventListener('close', () => {
    if (typeof websocket?.terminate === 'function') {
      websocket.terminate()
    } else {
      websocket?.close()
    }
  }, { once: true })

  try {
    return await upgrade()
  } catch (err) {
    connection.abort(err as Error)
    throw err
  }
}

/** Bounds the sockets and the messages of a listener. */
export function boundSockets (listener: Listener, limits: WebSocketLimits, warnMissing: WarnMissing): void {
  const { server, wsServer } = listener as { server?: unknown, wsServer?: WebSocketServer }

  if (!(server instanceof Server)) {
    warnMissing('@libp2p/websockets', 'server of a listener', 'its sockets and messages are not bounded')

    return
  }

  server.maxConnections = limits.maxSockets
  lengthenQueue(server)
  // a reset that comes before the listener handles errors must not end the process
  server.on('connection', (socket: Socket) => { socket.on('error', () => { socket.destroy() }) })

  if (wsServer?.options == null || wsServer.clients == null) {
    warnMissing('@libp2p/websockets', 'options or clients of the wsServer of a listener', 'silent sockets stay open, a message may have 100 MiB, and it may never end')

    return
  }

  Object.assign(wsServer.options, MESSAGE, { closeTimeout: CLOSE_TIMEOUT })
  boundUpgrades(server, wsServer, limits)
  boundMessages(server, createUnfinishedCheck(wsServer.clients, { timeout: limits.unfinishedTimeout, total: UNFINISHED, warnMissing }, () => performance.now()))
}

/** Sets the length of the accept queue, for which libp2p's listener has no option. */
function lengthenQueue (server: Server): void {
  const listen = server.listen.bind(server) as (options: ListenOptions) => Server
  server.listen = ((options: ListenOptions) => listen({ backlog: ACCEPT_QUEUE, ...options })) as Server['listen']
}

/** Destroys sockets that have not become WebSockets in time, or for which there is no place. */
function boundUpgrades (server: Server, wsServer: WebSocketServer, { upgradeTimeout, pending }: WebSocketLimits): void {
  const deadlines = new WeakMap<Socket, NodeJS.Timeout>()
  const places = createPendingPlaces<Socket>(pending, socket => { socket.destroy() })

  function end (socket: Socket): void {
    clearTimeout(deadlines.get(socket))
    places.delete(socket)
  }

  server.on('connection', (socket: Socket) => {
    deadlines.set(socket, setTimeout(() => { socket.destroy() }, upgradeTimeout))
    places.add(socket, socketHost(socket.remoteAddress))
    socket.once('close', () => { end(socket) })
  })
  // emitted when the HTTP upgrade is answered; from here on libp2p's timeout applies
  wsServer.on('headers', (_headers: string[], { socket }: IncomingMessage) => { end(socket) })
}

/** Runs the check for unfinished messages while the server listens. */
function boundMessages (server: Server, check: () => void): void {
  let timer: NodeJS.Timeout
  server.once('listening', () => { timer = setInterval(check, CHECK_INTERVAL).unref() })
  server.once('close', () => { clearInterval(timer) })
}
