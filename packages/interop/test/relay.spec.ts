import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'
import { expect } from 'aegir/chai'
import { startRelay, tcpPort } from '../src/relay.ts'
import type { AddressInfo } from 'node:net'

const SIZE = 1 << 20
/** Sent in pieces of many sizes. */
const BYTES = Buffer.from(Uint32Array.from({ length: SIZE / 4 }, (_, i) => i).buffer)

describe('a relay', () => {
  const stops: Array<() => unknown> = []

  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) {
      await stop()
    }
  })

  /** Sends a MiB through a relay, and returns how long that took, ms. */
  const passes = async (init: { delay: number, bandwidth?: number }): Promise<number> => {
    const server = createServer(socket => {
      for (let at = 0, size = 1; at < SIZE; at += size, size = size * 7 % 65_521) {
        socket.write(BYTES.subarray(at, at + size))
      }

      socket.end()
    }).listen(0, '127.0.0.1')
    stops.push(() => server.close())
    await once(server, 'listening')
    const relay = await startRelay(`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`, init)
    stops.push(relay.stop)

    const begin = performance.now()
    const chunks: Buffer[] = []

    for await (const chunk of createConnection({ host: '127.0.0.1', port: tcpPort(relay.address) })) {
      chunks.push(chunk)
    }

    expect(Buffer.concat(chunks).equals(BYTES), 'all bytes, in order').to.equal(true)

    return performance.now() - begin
  }

  it('passes bytes on after half of its delay', async () => {
    expect(await passes({ delay: 60 })).to.be.at.least(29)
  })

  it('carries no more bytes a second than its bandwidth', async () => {
    expect(await passes({ delay: 60, bandwidth: 4 * SIZE })).to.be.at.least(29 + 249)
  })
})
