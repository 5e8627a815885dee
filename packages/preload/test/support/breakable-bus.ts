import { memoryBus } from '../../src/registry/bus.ts'
import type { Bus } from '../../src/registry/bus.ts'

/** One process's connection to a bus, which a test can cut. */
export interface BusConnection extends Bus {
  /** While true, nothing passes in either direction. */
  cut: boolean
  /** Changes what is published. */
  rewrite (message: string): string
  /** How often it was reset. */
  resets: number
  /** Messages that were published. */
  readonly published: string[]
}

export function breakableBus (): () => BusConnection {
  const bus = memoryBus()

  return () => {
    const connection: BusConnection = {
      cut: false,
      rewrite: message => message,
      resets: 0,
      published: [],
      publish (channel, message) {
        connection.published.push(message)

        if (!connection.cut) {
          bus.publish(channel, connection.rewrite(message))
        }
      },
      subscribe: (channel, listener) => bus.subscribe(channel, message => {
        if (!connection.cut) {
          listener(message)
        }
      }),
      reset () { connection.resets++ }
    }

    return connection
  }
}
