import { expect } from 'aegir/chai'
import { createEndOfTick } from '../src/end-of-tick.ts'
import type { EndOfTick } from '../src/end-of-tick.ts'

async function nextPass (): Promise<void> {
  await new Promise(resolve => { setImmediate(resolve) })
}

describe('the end of a tick', () => {
  let endOfTick: EndOfTick
  let log: string[]

  beforeEach(() => {
    endOfTick = createEndOfTick()
    log = []
  })

  it('sends the results of decisions in the same pass, after sends that were scheduled before', async () => {
    endOfTick.send(() => { log.push('window update') })
    endOfTick.decide(() => {
      log.push('decision')
      endOfTick.send(() => { log.push('block') })
    })
    expect(log).to.be.empty()
    await nextPass()
    expect(log).to.deep.equal(['decision', 'window update', 'block'])
  })

  it('flushes a connection once, even if it sends before and after a decision', async () => {
    const flush = (): void => { log.push('flush') }
    endOfTick.send(flush)
    endOfTick.decide(() => { endOfTick.send(flush) })
    endOfTick.send(flush)
    await nextPass()
    expect(log).to.deep.equal(['flush'])
  })

  it('leaves decisions that a decision schedules to the next pass, so that sockets are read in between', async () => {
    const again = (): void => {
      log.push('decision')

      if (log.length < 3) {
        endOfTick.decide(again)
      }
    }

    endOfTick.decide(again)
    await nextPass()
    expect(log).to.have.length(1)
    await nextPass()
    expect(log).to.have.length(2)
    await nextPass()
    expect(log).to.have.length(3)
    await nextPass()
    expect(log).to.have.length(3)
  })

  it('leaves sends that a flush schedules to the next pass', async () => {
    endOfTick.send(() => {
      log.push('first')
      endOfTick.send(() => { log.push('second') })
    })
    await nextPass()
    expect(log).to.deep.equal(['first'])
    await nextPass()
    expect(log).to.deep.equal(['first', 'second'])
  })

  it('calls the other callbacks if one throws, and the process sees the error', async () => {
    const broken = new Error('broken')
    const heard: unknown[] = []
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.once('uncaughtException', error => { heard.push(error) })

    try {
      endOfTick.decide(() => { throw broken })
      endOfTick.decide(() => { log.push('decision') })
      endOfTick.send(() => { log.push('flush') })
      await nextPass()
      await nextPass()
    } finally {
      process.removeAllListeners('uncaughtException')
      listeners.forEach(listener => { process.on('uncaughtException', listener) })
    }

    expect(log).to.deep.equal(['decision', 'flush'])
    expect(heard).to.deep.equal([broken])
  })
})
