import { ping } from '@libp2p/ping'
import { Uint8ArrayList } from 'uint8arraylist'
import { createAllowance } from './allowance.ts'
import { FloodError } from './errors.ts'
import type { Allowance } from './allowance.ts'
import type { Connection, Stream } from '@libp2p/interface'
import type { Ping, PingComponents } from '@libp2p/ping'

const PING_LENGTH = 32

/** Pings that may wait until the answers to earlier ones are sent. */
const MAX_WAITING = 64

/**
 * libp2p's ping service, which answers a bounded number of pings. As of 3.1 libp2p's own
 * handler echoes everything that arrives, and keeps reading while its answers wait to be sent:
 * `for await` over a stream does not pause it.
 *
 * @param perSecond - pings a second and connection; a stream that brings more is reset
 */
export function boundedPing (perSecond: number): (components: PingComponents) => Ping {
  const create = ping()

  return ({ connectionManager, registrar }) => {
    const allowances = new WeakMap<Connection, Allowance>()

    return create({
      connectionManager,
      // everything else, such as `unhandle`, is inherited from the registrar
      registrar: Object.assign(Object.create(registrar), {
        handle: async (protocol: string, _handler: unknown, options: object) => registrar.handle(protocol, (stream, connection) => {
          const allowance = allowances.get(connection) ?? createAllowance(perSecond)
          allowances.set(connection, allowance)
          answerPings(stream, allowance)
        }, options)
      })
    })
  }
}

function answerPings (stream: Stream, allowance: Allowance): void {
  const waiting = new Uint8ArrayList()

  function answer (): void {
    while (waiting.byteLength >= PING_LENGTH && stream.writeStatus === 'writable' && stream.writeBufferLength === 0) {
      if (!allowance.take()) {
        stream.abort(new FloodError('The peer sent too many pings'))

        return
      }

      stream.send(waiting.sublist(0, PING_LENGTH))
      waiting.consume(PING_LENGTH)
    }
  }

  function end (): void {
    if (stream.status === 'open') {
      stream.close().catch(err => { stream.abort(err) })
    }
  }

  stream.addEventListener('message', ({ data }) => {
    waiting.append(data)

    if (waiting.byteLength > PING_LENGTH * MAX_WAITING) {
      stream.abort(new FloodError('The peer sent pings without waiting for the answers'))
    } else {
      answer()
    }
  })
  stream.addEventListener('drain', answer)
  stream.addEventListener('remoteCloseWrite', end)

  if (stream.remoteWriteStatus === 'closed' && stream.readBufferLength === 0) {
    end()
  }
}
