import { tcp } from '@libp2p/tcp'
import { aroundUpgrades } from './upgrade-hook.ts'
import type { Transport } from '@libp2p/interface'
import type { TCPComponents, TCPOptions } from '@libp2p/tcp'
import type { Socket } from 'node:net'

/**
 * So much may wait in a socket before libp2p is told to stop. A corked write is
 * never done at once, so with Node's 64 KiB every larger message would stop.
 */
const HIGH_WATER_MARK = 1 << 20

/**
 * libp2p's TCP transport with one system call a socket and turn of the event loop. By itself it
 * makes one for each piece of what is written: the length of a noise frame, the
 * frame, and again for the yamux window update that answers each frame read.
 * Writes to a socket are about a quarter of a busy proxy's CPU.
 *
 * The socket read here is not part of the connection's interface; where it is
 * missing, writes stay as they are.
 */
export function corkedTcp (init: TCPOptions = {}): (components: TCPComponents) => Transport {
  const socketOptions = { highWaterMark: HIGH_WATER_MARK }

  return components => aroundUpgrades(tcp({
    ...init,
    dialOpts: { ...socketOptions, ...init.dialOpts },
    listenOpts: { ...socketOptions, ...init.listenOpts }
  })(components), async (connection, upgrade) => {
    const { socket } = connection as { socket?: Socket }

    if (socket != null && typeof socket.cork === 'function') {
      corkTurns(socket)
    }

    return upgrade()
  })
}

/** Gathers all that is written to the socket in one go. */
function corkTurns (socket: Socket): void {
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
