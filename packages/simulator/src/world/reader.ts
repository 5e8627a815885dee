import type { PeerHandlers, PeerLink, World } from './world.ts'
import type { Outgoing } from '@kitsune/bitswap-codec'

export interface ReaderInit {
  /** Bytes a second that the peer takes off its connection. Default: without limit. */
  readonly bytesPerSecond?: number
  /** The most bytes of blocks it is sent in one message. Default 1 MiB, what the network's messages grow to. */
  readonly messageSize?: number
  /** It is woken as soon as there is something. Default: at the end of the turn. */
  readonly atOnce?: boolean
  /** A message has been read. */
  received (message: Outgoing): void
  closed? (): void
}

/**
 * Connects a peer that reads: one message after another, each taking the time
 * that its bytes need. While it reads, the rest waits in the engine, as behind a
 * full socket.
 */
export function connectReader (world: World, id: string, init: ReaderInit): PeerLink {
  const { bytesPerSecond = Infinity, messageSize = 1 << 20 } = init
  let reading = false

  const handlers: PeerHandlers = {
    wake () {
      if (!reading) {
        read()
      }
    },
    closed: init.closed,
    atOnce: init.atOnce
  }
  const link = world.connect(id, handlers)

  function read (): void {
    for (let message = link.take(messageSize); message != null; message = link.take(messageSize)) {
      const ms = bytesPerSecond === Infinity ? 0 : messageBytes(message) / bytesPerSecond * 1000
      if (ms > 0) {
        readFor(ms, message)
        return
      }
      init.received(message)
    }
  }

  function readFor (ms: number, message: Outgoing): void {
    reading = true
    world.clock.after(ms, () => {
      reading = false
      if (link.connected) {
        init.received(message)
        read()
      }
    })
  }

  return link
}

function messageBytes ({ blocks = [], presences = [] }: Outgoing): number {
  let bytes = 0
  for (const { data } of blocks) {
    bytes += data.byteLength
  }
  for (const { cid } of presences) {
    bytes += cid.byteLength
  }
  return bytes
}
