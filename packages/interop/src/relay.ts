import { createConnection, createServer } from 'node:net'
import { Transform } from 'node:stream'
import type { AddressInfo, Socket } from 'node:net'

/** Sockets of relays that have fallen silent. */
const frozen = new WeakSet<Socket>()

/** The network line that a relay simulates. */
export interface RelayInit {
  /** Added to every round trip, ms, half of it each way. Bytes keep their order, and any number may be on their way. Default: 0. */
  delay?: number
  /**
   * Bytes a second that the line carries each way. At most 100 ms of that queue in front of it; further bytes
   * wait at the sender, as in front of a router. Default: no limit. Needs a `delay`.
   */
  bandwidth?: number
  /**
   * Bytes a second that pass towards the side that dialled the relay; default: no limit. The relay reads so little
   * at a time from the other side that the kernel does not enlarge its receive buffer, so that side soon has to wait.
   */
  rate?: number
}

/** A TCP relay on loopback that can fall silent while every connection stays open, like a network when a cable is pulled. */
export interface Relay {
  /** The address to dial instead of the one that it relays to. */
  readonly address: string
  /** Stops taking bytes from either side, and closes nothing, even if a side ends. `newcomers`: also on connections that are opened later. */
  freeze (options?: { readonly newcomers?: boolean }): void
  /** Stops taking bytes from the side that it relays to, and still passes on what is sent to that side. */
  freezeAnswers (): void
  /** Ends every connection, and drops bytes on their way: the side that it relays to sees a reset. */
  reset (): void
  stop (): Promise<void>
}

/** `to` is a multiaddr on loopback, with anything after its port. */
export async function startRelay (to: string, { delay = 0, bandwidth = Infinity, rate }: RelayInit = {}): Promise<Relay> {
  const port = tcpPort(to)
  const sockets = new Set<Socket>()
  const targets = new Set<Socket>()
  let silent = false
  // with Nagle's algorithm the relay itself would add up to 40 ms
  const server = createServer({ noDelay: true }, (client) => {
    if (silent) {
      sockets.add(client)
      client.on('error', () => {})
      client.on('close', () => { sockets.delete(client) })
      client.pause()

      return
    }

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
        // the other side of a line that was cut notices nothing
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
    freeze ({ newcomers = false } = {}) {
      silent = newcomers
      freeze(sockets)
    },
    freezeAnswers () { freeze(targets) },
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

function freeze (sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) {
    frozen.add(socket)
    socket.unpipe()
    socket.pause()
  }
}

/** Passes bytes on at `rate` bytes a second, and leaves the rest at the sender. */
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

// the size of a line's queue, ms of its bandwidth
const QUEUE = 100

/** Passes bytes on `ms` later, and no faster than the line. It holds them meanwhile, so only its own windows and a full queue slow a sender down. */
function delayed (ms: number, bandwidth: number): Transform {
  /** The bytes on their way, and when they arrive. */
  const line: Array<{ chunk: Buffer, at: number }> = []
  let free = 0
  let waits = false
  let arrived: (() => void) | undefined

  // one timer for all pieces: timers of different lengths would not keep the order
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
