import { tcp } from '@libp2p/tcp'
import { ACCEPT_QUEUE } from '../accept-queue.ts'
import { hookUpgrades } from '../upgrade-hook.ts'
import type { WarnMissing } from '../warn.ts'
import type { MultiaddrConnection, Transport } from '@libp2p/interface'
import type { TCPComponents, TCPOptions } from '@libp2p/tcp'
import type { Socket } from 'node:net'

/**
 * How much may wait in a socket before libp2p is told to pause, bytes. A corked
 * write never completes at once, so with Node's 64 KiB every larger message would
 * pause.
 */
const HIGH_WATER_MARK = 1 << 20

/** How much a paused socket still reads, bytes. With the mark above, which Node uses for both directions, it would be a mebibyte. */
const READ_MARK = 64 << 10

/**
 * libp2p's TCP transport with one system call for each socket and tick of the event
 * loop. libp2p alone makes one for each piece: the length of a noise frame, the frame,
 * and the same again for the yamux window update that answers each frame. Writes to
 * sockets take about a quarter of a busy proxy's CPU.
 *
 * The `socket` field is not part of the connection's interface; if it is missing,
 * writes are not combined.
 */
export function corkedTcp (init: TCPOptions, warnMissing: WarnMissing): (components: TCPComponents) => Transport {
  const socketOptions = { highWaterMark: HIGH_WATER_MARK }

  return components => hookUpgrades(tcp({
    backlog: ACCEPT_QUEUE,
    ...init,
    dialOpts: { ...socketOptions, ...init.dialOpts },
    listenOpts: { ...socketOptions, ...init.listenOpts }
  })(components), async (connection, upgrade) => {
    corkConnection(connection, warnMissing)

    return upgrade()
  })
}

/** Combines the writes of each tick, if the connection shows its socket. */
export function corkConnection (connection: MultiaddrConnection, warnMissing: WarnMissing): void {
  const { socket } = connection as { socket?: Socket }

  if (typeof socket?.cork === 'function') {
    corkTicks(socket)
    boundReads(socket, warnMissing)
  } else {
    warnMissing('@libp2p/tcp', 'socket of a connection', 'each write is a separate system call, which takes more CPU')
  }
}

/** Sets the mark for reads only: Node has no option for one direction of a server's sockets. */
function boundReads (socket: Socket & { _readableState?: { highWaterMark?: number } }, warnMissing: WarnMissing): void {
  if (socket._readableState?.highWaterMark == null) {
    warnMissing('@libp2p/tcp', '_readableState.highWaterMark of a socket', 'a paused connection may hold a mebibyte')
  } else {
    socket._readableState.highWaterMark = READ_MARK
  }
}

/** Combines all writes to the socket during one tick. */
function corkTicks (socket: Socket): void {
  const write: (...args: Parameters<Socket['write']>) => boolean = socket.write.bind(socket)
  let isCorked = false

  function uncork (): void {
    isCorked = false
    socket.uncork()
  }

  socket.write = (...args: unknown[]) => {
    if (!isCorked) {
      isCorked = true
      socket.cork()
      process.nextTick(uncork)
    }

    return write(...args as Parameters<Socket['write']>)
  }
}
