import { expect } from 'aegir/chai'
import { redisBus } from '../../src/registry/redis-bus.ts'
import { settle } from '../support/clock.ts'
import type { RedisBus, RedisConnection } from '../../src/registry/redis-bus.ts'

/** A connection whose commands a test answers. */
class FakeConnection implements RedisConnection {
  readonly commands: string[][] = []
  readonly #answers: Array<PromiseWithResolvers<unknown>> = []
  readonly #listeners = new Map<string, (...args: string[]) => void>()

  async publish (...args: string[]): Promise<unknown> { return this.#command('publish', ...args) }
  async subscribe (...args: string[]): Promise<unknown> { return this.#command('subscribe', ...args) }
  async unsubscribe (...args: string[]): Promise<unknown> { return this.#command('unsubscribe', ...args) }
  on (event: string, listener: (...args: never[]) => void): void { this.#listeners.set(event, listener as (...args: string[]) => void) }
  disconnect (reconnect = false): void { this.commands.push(['disconnect', String(reconnect)]) }
  emit (event: string, ...args: string[]): void { this.#listeners.get(event)?.(...args) }

  /** Answers all commands. */
  async answer (error?: Error): Promise<void> {
    for (const { resolve, reject } of this.#answers.splice(0)) {
      if (error == null) {
        resolve('OK')
      } else {
        reject(error)
      }
    }

    await settle()
  }

  async #command (...command: string[]): Promise<unknown> {
    this.commands.push(command)
    const answer = Promise.withResolvers<unknown>()
    this.#answers.push(answer)

    return answer.promise
  }
}

describe('redis bus', () => {
  let publisher: FakeConnection
  let subscriber: FakeConnection
  let errors: string[]
  let bus: RedisBus

  beforeEach(() => {
    const connections = [publisher, subscriber] = [new FakeConnection(), new FakeConnection()]
    errors = []
    bus = redisBus({ connect: () => connections.shift() ?? new FakeConnection(), onError: ({ message }) => { errors.push(message) } })
  })

  it('passes on messages by channel, and subscribes again whenever it is connected', async () => {
    const heard: string[] = []
    const stop = bus.subscribe('a', message => { heard.push(message) })
    await subscriber.answer(new Error('not connected'))
    subscriber.emit('ready')
    subscriber.emit('message', 'a', 'one')
    subscriber.emit('message', 'b', 'two')
    subscriber.emit('ready')
    expect([heard, subscriber.commands, errors]).to.deep.equal([['one'], [['subscribe', 'a'], ['subscribe', 'a'], ['subscribe', 'a']], []])

    stop()
    subscriber.emit('message', 'a', 'three')
    subscriber.emit('ready')
    expect([heard, subscriber.commands.slice(3)]).to.deep.equal([['one'], [['unsubscribe', 'a']]])
  })

  it('does not queue messages without limit while nothing is answered', async () => {
    for (let i = 0; i < 1000; i++) {
      bus.publish('a', String(i))
    }

    expect(publisher.commands).to.have.lengthOf(256)

    await publisher.answer(new Error('closed'))
    bus.publish('a', 'more')
    expect(publisher.commands.at(-1)).to.deep.equal(['publish', 'a', 'more'])
    expect(new Set(errors)).to.deep.equal(new Set(['closed']))
  })

  it('connects again after a reset, and closes its connections', () => {
    bus.reset()
    bus.stop()

    expect([publisher.commands, subscriber.commands]).to.deep.equal([[['disconnect', 'true'], ['disconnect', 'false']], [['disconnect', 'true'], ['disconnect', 'false']]])
  })
})
