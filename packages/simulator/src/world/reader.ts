import type { ClientHandlers, ClientLink, World } from './world.ts'
import type { Outgoing } from '@kitsune/bitswap-codec'

/** How a client reads its connection. */
export interface ReaderInit {
  /** Bytes a second that the client reads from its connection. Default: without limit. */
  readonly bytesPerSecond?: number
  /** The most bytes of blocks in one message to it. Default 1 MiB, to which the network's messages grow. */
  readonly messageSize?: number
  /** Whether it is woken as soon as there is something. Default: at the end of the tick. */
  readonly atOnce?: boolean
  /** A message has been read. */
  received (message: Outgoing): void
  closed? (): void
}

/**
 * Connects a client that reads one message after another, each in the time that its
 * bytes need. While it reads, the rest waits in the engine, as behind a full socket.
 */
export function connectReader (world: World, id: string, init: ReaderInit): ClientLink {
  const { bytesPerSecond = Infinity, messageSize = 1 << 20 } = init
  let reading = false

  const handlers: ClientHandlers = {
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
