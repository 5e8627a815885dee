import { BITSWAP_PROTOCOLS } from '@kitsune/bitswap-codec'
import type { KnownConnection, KnownConnections } from './known-connections.ts'

/** Asks for signs of life on the doubted connections of a peer. */
export interface LifeSigns {
  /** Asks on each doubted connection that is not being asked already. */
  ask (): void
  /** Ends all requests. */
  stop (error: Error): void
}

/** What life signs are made with. */
export interface LifeSignsInit {
  readonly known: KnownConnections
  readonly maxOutboundStreams: number
  now (): number
  /** A connection has answered the request of that time. */
  answered (known: KnownConnection, askedAt: number): void
  /** A connection could not be asked, or did not answer. */
  refused (known: KnownConnection, error: Error): void
}

/** Makes life signs: any answer to a new stream is one. */
export function createLifeSigns ({ known, maxOutboundStreams, now, answered, refused }: LifeSignsInit): LifeSigns {
  let stopped = false

  function probe (one: KnownConnection): void {
    if (one.probe != null || stopped || one.connection.status !== 'open') {
      return
    }

    const controller = one.probe = new AbortController()
    const askedAt = now()

    const done = (alive: boolean): void => {
      one.probe = undefined

      if (alive && !stopped && known.includes(one)) {
        answered(one, askedAt)
      }
    }

    one.connection.newStream([...BITSWAP_PROTOCOLS], { maxOutboundStreams, signal: controller.signal }).then(stream => {
      stream.close().catch(err => { stream.abort(err) })
      done(true)
    }, (err: Error) => {
      done(err.name === 'UnsupportedProtocolError')
      refused(one, err)
    })
  }

  return {
    ask () {
      for (const one of known) {
        if (known.doubtedSince(one) != null) {
          probe(one)
        }
      }
    },

    stop (error) {
      stopped = true

      for (const { probe } of known) {
        probe?.abort(error)
      }
    }
  }
}
