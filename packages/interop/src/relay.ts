import { createConnection, createServer } from 'node:net'
import { Transform } from 'node:stream'
import type { AddressInfo, Socket } from 'node:net'

/** Sockets of relays that have fallen silent. */
const frozen = new WeakSet<Socket>()

/** The line that a relay pretends to be. */
export interface RelayInit {
  /** Added to every round trip, ms, half of it each way; what is sent keeps its order, and as much as is sent is on its way. Default: 0. */
  delay?: number
  /**
   * Bytes a second that the line carries each way, in front of which no more than 100 ms of its own time queues; what is
   * beyond that waits with the sender, as in front of a router. Default: as fast as they come. Needs a `delay`.
   */
  bandwidth?: number
  /**
   * Bytes a second that pass toward the one who dialled the relay; default: as fast as they come. It reads from
   * the other end so little at a time that the kernel does not widen its receive buffer, so that end soon has to wait.
   */
  rate?: number
}

/** A TCP relay on loopback that can fall silent while every connection stays open, as a network does when a cable is drawn. */
export interface Relay {
  /** To be dialled instead of the address that it relays to. */
  readonly address: string
  /** Takes no byte from either side any more, and closes nothing, whatever becomes of the other side. */
  freeze (): void
  /** Ends every connection, with what is on its way: the side that it relays to sees a reset. */
  reset (): void
  stop (): Promise<void>
}

/** `to` is a multiaddr on loopback, whatever follows its port. */
export async function startRelay (to: string, { delay = 0, bandwidth = Infinity, rate }: RelayInit = {}): Promise<Relay> {
  const port = tcpPort(to)
  const sockets = new Set<Socket>()
  const targets = new Set<Socket>()
  // by Nagle's algorithm it would add up to 40 ms of its own
  const server = createServer({ noDelay: true }, (client) => {
    const target = createConnection({ host: '127.0.0.1', port, noDelay: true })

    targets.add(target)
    target.on('close', () => { targets.delete(target) })

    for (const [from, into] of [[client, target], [target, client]] as const) {
      sockets.add(from)

      if (rate != null && from === target) {
        pace(from, into, rate)
      } else if (delay > 0) {
        from.pipe(delayed(delay / 2, bandwidth)).pipe(into)
      } else {
        from.pipe(into)
      }

      from.on('error', () => {
        // the other side of a line that was cut hears of nothing
        if (!frozen.has(from)) {
          into.destroy()
        }
      })
      from.on('close', () => { sockets.delete(from) })
    }
  })

  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })

  return {
    address: to.replace(`/tcp/${port}`, `/tcp/${(server.address() as AddressInfo).port}`),
    freeze () {
      for (const socket of sockets) {
        frozen.add(socket)
        socket.unpipe()
        socket.pause()
      }
    },
    reset () {
      targets.forEach(target => { target.resetAndDestroy() })
      sockets.forEach(socket => { socket.destroy() })
    },
    async stop () {
      sockets.forEach(socket => { socket.destroy() })
      await new Promise(resolve => { server.close(resolve) })
    }
  }
}

/** Passes on what comes, `rate` bytes a second, and leaves the rest with the sender. */
function pace (from: Socket, into: Socket, rate: number): void {
  let free = performance.now()

  from.on('data', (chunk) => {
    from.pause()
    into.write(chunk)
    free = Math.max(free, performance.now()) + chunk.length / rate * 1_000
    setTimeout(() => {
      if (!frozen.has(from)) {
        from.resume()
      }
    }, Math.max(1, free - performance.now()))
  })
  from.on('end', () => { into.end() })
}

// what a line's queue holds, ms of its bandwidth
const QUEUE = 100

/** Passes everything on `ms` later, and no faster than the line is. Holds it meanwhile, so a sender is not slowed down but by its own windows and by a full queue. */
function delayed (ms: number, bandwidth: number): Transform {
  /** What is on its way, and when it arrives. */
  const line: Array<{ chunk: Buffer, at: number }> = []
  let free = 0
  let waits = false
  let arrived: (() => void) | undefined

  // one timer for all: those of different lengths do not keep the order of what they bring
  const pass = (): void => {
    waits = false

    while (line.length > 0 && line[0].at <= performance.now()) {
      stream.push(line.shift()?.chunk)
    }

    wait()
  }

  const wait = (): void => {
    if (line.length === 0) {
      arrived?.()
    } else if (!waits) {
      waits = true
      setTimeout(pass, Math.max(0, line[0].at - performance.now()))
    }
  }

  const stream = new Transform({
    transform (chunk, _encoding, done) {
      const now = performance.now()
      free = Math.max(free, now) + chunk.length / bandwidth * 1_000
      line.push({ chunk, at: free + ms })
      wait()

      if (free - now <= QUEUE) {
        done()
      } else {
        setTimeout(done, free - now - QUEUE)
      }
    },
    flush (done) {
      arrived = done
      wait()
    }
  })

  return stream
}

/** The port in a multiaddr. */
export function tcpPort (address: string): number {
  return Number(/\/tcp\/(\d+)/.exec(address)?.[1])
}
