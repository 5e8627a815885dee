import { BITSWAP_PROTOCOLS } from '@kitsune/bitswap-codec'
import type { KnownConnection, KnownConnections } from './known-connections.ts'

/** Asks for signs of life on the connections of a peer that are doubted. */
export interface LifeSigns {
  /** Asks on each that is doubted and not being asked already. */
  ask (): void
  /** Nothing is asked any more. */
  stop (error: Error): void
}

/** The connections that are asked, and who hears that they answer. */
export interface LifeSignsInit {
  readonly known: KnownConnections
  readonly maxOutboundStreams: number
  now (): number
  /** A connection has answered what was asked at that time. */
  answered (known: KnownConnection, askedAt: number): void
  /** A connection could not be asked, or did not answer. */
  refused (known: KnownConnection, error: Error): void
}

/** Any answer to a new stream is a sign of life. */
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
