import { expect } from 'aegir/chai'
import { TooManyRequestsError } from '../../src/errors.ts'
import { createSlots } from '../../src/refs/slots.ts'
import { settle } from '../support/clock.ts'

const never = new AbortController().signal

describe('refs: slots', () => {
  it('gives each client its share, and lets the rest wait in order', async () => {
    const slots = createSlots({ running: 3, runningPerClient: 2, queued: 10, queuedPerClient: 10 })
    const order: string[] = []

    const take = async (client: string, name: string): Promise<() => void> => {
      const release = await slots.take(client, never)
      order.push(name)

      return release
    }

    const [a1] = await Promise.all([take('a', 'a1'), take('a', 'a2')])
    const waiting = [take('a', 'a3'), take('b', 'b1'), take('b', 'b2')]
    await settle()

    expect(order).to.deep.equal(['a1', 'a2', 'b1'])
    expect([slots.running, slots.queued]).to.deep.equal([3, 2])
    a1()
    a1()
    await settle()
    expect(order).to.deep.equal(['a1', 'a2', 'b1', 'a3'])
    ;(await waiting[1])()
    ;(await waiting[0])()
    await settle()
    expect(order).to.have.lengthOf(5)
  })

  it('refuses when as many wait as may', async () => {
    const slots = createSlots({ running: 1, runningPerClient: 1, queued: 2, queuedPerClient: 1 })
    const release = await slots.take('a', never)
    const waits = slots.take('a', never)

    await expect(slots.take('a', never)).to.eventually.be.rejectedWith(TooManyRequestsError)
    const other = slots.take('b', never)
    await expect(slots.take('c', never)).to.eventually.be.rejectedWith(TooManyRequestsError)
    release()
    ;(await waits)()
    ;(await other)()
    expect([slots.running, slots.queued]).to.deep.equal([0, 0])
  })

  it('forgets one that leaves the queue', async () => {
    const slots = createSlots({ running: 1, runningPerClient: 1, queued: 2, queuedPerClient: 1 })
    const release = await slots.take('a', never)
    const leaving = new AbortController()
    const left = slots.take('a', leaving.signal)
    leaving.abort(new Error('gone'))

    await expect(left).to.eventually.be.rejectedWith('gone')
    expect(slots.queued).to.equal(0)
    await expect(slots.take('a', leaving.signal)).to.eventually.be.rejectedWith('gone')
    release()
    ;(await slots.take('a', never))()
  })
})
