import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'
import { expect } from 'aegir/chai'
import { startRelay, tcpPort } from '../src/relay.ts'
import type { AddressInfo } from 'node:net'

const SIZE = 1 << 20

describe('a relay', () => {
  const stops: Array<() => unknown> = []

  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) {
      await stop()
    }
  })

  /** Sends a MiB through a relay, and tells how long that took, ms. */
  const passes = async (init: { delay: number, bandwidth?: number }): Promise<number> => {
    const server = createServer(socket => { socket.end(Buffer.alloc(SIZE)) }).listen(0, '127.0.0.1')
    stops.push(() => server.close())
    await once(server, 'listening')
    const relay = await startRelay(`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`, init)
    stops.push(relay.stop)

    const begin = performance.now()
    let bytes = 0
    for await (const chunk of createConnection({ host: '127.0.0.1', port: tcpPort(relay.address) })) {
      bytes += chunk.length
    }
    expect(bytes).to.equal(SIZE)

    return performance.now() - begin
  }

  it('passes on what comes after half of its delay', async () => {
    expect(await passes({ delay: 60 })).to.be.at.least(29)
  })

  it('carries no more bytes a second than its bandwidth', async () => {
    expect(await passes({ delay: 60, bandwidth: 4 * SIZE })).to.be.at.least(29 + 249)
  })
})
