import type { Bus } from './bus.ts'

/**
 * The parts of ioredis's connection to Redis or Valkey that are used. Nothing is stored, so a database may be full, read-only or still loading.
 */
export interface RedisConnection {
  publish (channel: string, message: string): Promise<unknown>
  subscribe (...channels: string[]): Promise<unknown>
  unsubscribe (...channels: string[]): Promise<unknown>
  on (event: 'message', listener: (channel: string, message: string) => void): unknown
  /** Whenever commands can be sent. */
  on (event: 'ready', listener: () => void): unknown
  on (event: 'error', listener: (error: Error) => void): unknown
  /** Closes it, and connects again if `reconnect` is true. */
  disconnect (reconnect?: boolean): void
}

/** How processes reach each other through Redis. */
export interface RedisBusInit {
  /**
   * Creates a connection. It connects again by itself, and rejects a command that it cannot send at once: with ioredis,
   * `new Redis(url, REDIS_OPTIONS)`.
   */
  connect (): RedisConnection
  /** Called with errors of the connections. */
  onError? (error: Error): void
}

/** A running bus. */
export interface RedisBus extends Bus {
  /** Closes its connections. */
  stop (): void
}

/** Options of ioredis for a bus: it tries to connect twice a second at least, for ever, and queues no commands meanwhile. */
export const REDIS_OPTIONS = {
  enableOfflineQueue: false,
  // both commands work while a database loads
  enableReadyCheck: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  connectTimeout: 2000,
  disconnectTimeout: 500,
  retryStrategy: (times: number): number => Math.min(100 * times, 500)
} as const

/** How many messages may wait for Redis. Further ones are dropped. */
const MAX_PENDING = 256

/** A bus over Redis' publish and subscribe, by two connections. */
export function redisBus ({ connect, onError = () => {} }: RedisBusInit): RedisBus {
  const publisher = connect()
  const subscriber = connect()
  const listeners = new Map<string, (message: string) => void>()
  let pending = 0

  for (const connection of [publisher, subscriber]) {
    connection.on('error', onError)
  }

  subscriber.on('message', (channel, message) => { listeners.get(channel)?.(message) })
  subscriber.on('ready', () => {
    if (listeners.size > 0) {
      subscriber.subscribe(...listeners.keys()).catch(onError)
    }
  })

  return {
    publish (channel, message) {
      if (pending < MAX_PENDING) {
        pending++
        publisher.publish(channel, message).catch(onError).finally(() => { pending-- })
      }
    },

    subscribe (channel, listener) {
      listeners.set(channel, listener)
      // if it is not connected, when it is
      subscriber.subscribe(channel).catch(() => {})

      return () => {
        listeners.delete(channel)
        subscriber.unsubscribe(channel).catch(() => {})
      }
    },

    reset () {
      publisher.disconnect(true)
      subscriber.disconnect(true)
    },

    stop () {
      publisher.disconnect()
      subscriber.disconnect()
    }
  }
}
