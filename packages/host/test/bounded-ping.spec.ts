import { expect } from 'aegir/chai'
import { Uint8ArrayList } from 'uint8arraylist'
import { boundedPing } from '../src/bounded-ping.ts'
import type { Connection, Stream, StreamHandler } from '@libp2p/interface'
import type { PingComponents } from '@libp2p/ping'

/** A stream whose peer reads nothing at first. */
class FakeStream extends EventTarget {
  readonly status = 'open'
  readonly remoteWriteStatus = 'writable'
  readonly readBufferLength = 0
  writeStatus = 'writable'
  writeBufferLength = 1
  sent = 0

  send ({ byteLength }: Uint8ArrayList): boolean {
    if (this.writeStatus !== 'writable') {
      throw new Error(`it is ${this.writeStatus}`)
    }

    this.sent += byteLength

    return true
  }

  async close (): Promise<void> { this.writeStatus = 'closing' }
  abort (): void {}

  happens (type: string, fields: object = {}): void {
    this.dispatchEvent(Object.assign(new Event(type), fields))
  }
}

describe('bounded pings', () => {
  async function pinged (): Promise<FakeStream> {
    let handler: StreamHandler | undefined
    const registrar = { handle: async (_: string, given: StreamHandler) => { handler = given }, unhandle: async () => {} }
    const service = boundedPing(32)({ connectionManager: {}, registrar } as unknown as PingComponents) as unknown as { start (): Promise<void> }
    await service.start()
    const stream = new FakeStream()
    await handler?.(stream as unknown as Stream, {} as unknown as Connection)
    stream.happens('message', { data: new Uint8ArrayList(new Uint8Array(64)) })

    return stream
  }

  it('are answered when the peer reads again', async () => {
    const stream = await pinged()
    expect(stream.sent).to.equal(0)
    stream.writeBufferLength = 0
    stream.happens('drain')
    expect(stream.sent).to.equal(64)
  })

  it('are not answered on a stream that is being closed: an exception of a listener would end the process', async () => {
    const stream = await pinged()
    stream.happens('remoteCloseWrite')
    stream.writeBufferLength = 0
    stream.happens('drain')
    expect(stream.sent).to.equal(0)
    // such an exception comes in a later tick
    await new Promise(resolve => { setImmediate(resolve) })
  })
})
