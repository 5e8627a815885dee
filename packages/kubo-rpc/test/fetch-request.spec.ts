import { createServer } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'aegir/chai'
import { createKuboRpc } from '../src/client.ts'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

// no flag of the test runner is needed to collect garbage
setFlagsFromString('--expose-gc')
const gc: () => void = runInNewContext('gc')

describe('a call whose request has been garbage collected', () => {
  /** Calls a server that has `listener`, collects garbage, aborts the call, and returns what `end` rejects with. */
  async function abortAfterCollection (listener: RequestListener, end: (call: Promise<Response>) => Promise<unknown>): Promise<unknown> {
    const server = createServer(listener)
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    const arrived = new Promise<void>(resolve => { server.on('request', () => { resolve() }) })

    try {
      const rpc = createKuboRpc({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
      const abort = new AbortController()
      const ended = end(rpc.call('pin/add', { arg: 'a' }, { signal: abort.signal })).catch(err => err)
      await arrived

      for (let i = 0; i < 10; i++) {
        await new Promise(resolve => { setImmediate(resolve) })
        gc()
      }

      abort.abort(new Error('the caller has no more time'))

      return await ended
    } finally {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  }

  it('ends by its signal before there is an answer', async () => {
    const error = await abortAfterCollection(() => {}, async call => call)

    expect(error).to.have.property('message', 'the caller has no more time')
  })

  it('ends by its signal while the answer is read', async () => {
    const error = await abortAfterCollection((_, response) => { response.write('{') }, async call => (await call).text())

    expect(error).to.have.property('message', 'the caller has no more time')
  })
})
