import { request } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { Socket } from 'node:net'

/** The server to attack. */
export interface Attacked {
  /** Origins, in the clear and over TLS. */
  readonly http: string
  readonly https: string
  /** Paths of blocks. */
  readonly blocks: readonly string[]
  /** The path of an endless CAR. */
  readonly endless: string
}

/** A running attack. */
export interface Attacking {
  /** Aborts when it must end. */
  readonly signal: AbortSignal
  /** Counts requests or connections. */
  count: number
}

/** Attacks until it must end, from its own address. */
export type Attack = (attacked: Attacked, attacking: Attacking) => Promise<void>

const ATTACKER = '127.0.0.2'

/** How many at once. */
const RESETS = 100
/** Connections to open before the process does anything else: the honest client is in it, too, and binding 2,000 sockets can take seconds. */
const OPENED_AT_ONCE = 20

const PATHS = ['/', '//', '/ipfs/', '/ipfs/%', '/ipfs/%00', '/ipfs/../..', '/ipfs/bafkqaaa%2F', '/ipfs/bafkqaaa/a/b?format=raw', '/routing/v1/providers/', '/routing/v1/peers/%ff', '/ipfs/Qm?format=car', '*', 'http://x/', '/.well-known/rasl/x', `/${'a'.repeat(8000)}`, '/ipfs/bafkqaaa?format=car&entity-bytes=9:1:x', '/ipfs/bafkqaaa?format=ipns-record']
const HEADERS = ['Range: bytes=-', 'Range: bytes=9-1,2-3', 'If-None-Match: W/"', 'Accept: ;;;', 'Host: ', 'Host: a b', `X-Long: ${'b'.repeat(8000)}`, 'X-Forwarded-For: 1.2.3.4, ::', 'Transfer-Encoding: chunked', 'Content-Length: -1', 'Expect: 100-continue', 'Connection: upgrade\r\nUpgrade: websocket', '\u0000: x', ' folded']
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'get', '']

/** Requests that no client sends, each on its own connection. */
async function oddRequests ({ http }: Attacked, attacking: Attacking): Promise<void> {
  await Promise.all(Array.from({ length: 50 }, async () => {
    while (!attacking.signal.aborted) {
      const n = attacking.count++
      const socket = open(http)
      socket.resume()
      socket.end(`${METHODS[n % METHODS.length]} ${PATHS[n % PATHS.length]} HTTP/1.1\r\nHost: x\r\n${HEADERS[n % HEADERS.length]}\r\n\r\n`)
      await closed(socket)
    }
  }))
}

/** Asks for large blocks, and reads nothing. */
async function slowReaders ({ http, blocks }: Attacked, attacking: Attacking): Promise<void> {
  const sockets = Array.from({ length: 300 }, (_, i) => {
    const socket = open(http)
    socket.pause()
    socket.write(`GET ${blocks[i % blocks.length]} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(20))

    return socket
  })
  attacking.count = sockets.length
  await aborted(attacking.signal)
  sockets.forEach(socket => { socket.destroy() })
}

/** HTTP/2 rapid reset: cancels each request at once, and opens another session when the server ends one. */
async function rapidReset ({ https, blocks }: Attacked, attacking: Attacking): Promise<void> {
  while (!attacking.signal.aborted) {
    const session = connectHttp2(https, { createConnection: () => openTls(https) })
    session.on('error', () => {})
    const over = new Promise(resolve => { session.once('close', resolve) })
    // a request that is cancelled earlier has not been sent
    await Promise.race([new Promise(resolve => { session.once('connect', resolve) }), over])

    while (!session.destroyed && !session.closed && !attacking.signal.aborted) {
      for (let i = 0; i < RESETS; i++) {
        const stream = session.request({ ':path': blocks[i % blocks.length] })
        stream.on('error', () => {})
        stream.close(8)
      }

      // otherwise the attacker's own memory would grow
      await Promise.race([new Promise(resolve => { session.ping(resolve) || resolve(undefined) }), over])
      attacking.count += RESETS
    }

    session.destroy()
    await over
  }
}

/** Opens connections, and requests nothing. */
async function idleConnections ({ http, https }: Attacked, attacking: Attacking): Promise<void> {
  const sockets: Socket[] = []

  while (sockets.length < 2000 && !attacking.signal.aborted) {
    sockets.push(...Array.from({ length: OPENED_AT_ONCE }, (_, i) => open(i % 2 === 0 ? http : https)))
    attacking.count = sockets.length
    await turn()
  }

  await aborted(attacking.signal)
  sockets.forEach(socket => { socket.destroy() })
}

/** Reads CARs that expand endlessly. */
async function endlessCars ({ http, endless }: Attacked, attacking: Attacking): Promise<void> {
  await Promise.all(Array.from({ length: 20 }, async () => {
    while (!attacking.signal.aborted) {
      attacking.count++
      await new Promise<void>(resolve => {
        const asked = request(`${http}${endless}`, { agent: false, localAddress: ATTACKER, signal: attacking.signal }, response => {
          response.resume()
          response.on('error', () => {})
          response.on('close', resolve)
        })
        asked.on('error', () => { resolve() })
        asked.end()
      })
    }
  }))
}

function open (url: string): Socket {
  const { hostname, port } = new URL(url)

  return connect({ host: hostname, port: Number(port), localAddress: ATTACKER }).on('error', () => {})
}

function openTls (url: string): Socket {
  return connectTls({ socket: open(url), ALPNProtocols: ['h2'], rejectUnauthorized: false }).on('error', () => {})
}

async function closed (socket: Socket): Promise<void> {
  await new Promise(resolve => { socket.on('close', resolve) })
}

async function aborted (signal: AbortSignal): Promise<void> {
  await new Promise<void>(resolve => {
    signal.aborted ? resolve() : signal.addEventListener('abort', () => { resolve() })
  })
}

/** All attacks, each with the least count that it must reach while an honest client is served, so that the test proves something. */
export const ATTACKS: ReadonlyArray<{ readonly name: string, readonly least: number, readonly attack: Attack }> = [
  { name: '10,000 odd requests', least: 10_000, attack: oddRequests },
  { name: 'readers that do not read', least: 300, attack: slowReaders },
  { name: 'HTTP/2 rapid reset', least: 10_000, attack: rapidReset },
  { name: '2,000 connections without requests', least: 2000, attack: idleConnections },
  { name: 'endless CARs', least: 20, attack: endlessCars }
]
