import { createServer } from 'node:http'
import { expect } from 'aegir/chai'
import { createKuboRpc } from '../src/client.ts'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

describe('the RPC of kubo', () => {
  const servers: Server[] = []

  afterEach(async () => {
    await Promise.all(servers.splice(0).map(async server => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }))
  })

  /** A server on loopback, and the requests that it received. */
  async function listen (listener: RequestListener): Promise<{ address: string, requests: IncomingMessage[] }> {
    const requests: IncomingMessage[] = []
    const server = createServer((request, response) => {
      requests.push(request)
      listener(request, response)
    })
    servers.push(server)
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })

    return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
  }

  it('is called by POST, with arguments, options and credentials', async () => {
    const { address, requests } = await listen((_, response) => { response.end('{"ok":true}') })
    const rpc = createKuboRpc({ url: `http://me:secret@${address}/kubo-1`, headers: { 'X-Tenant': 'a' } })

    expect(await rpc.json('swarm/connect', { arg: ['/a', '/b'], offline: 'true' })).to.deep.equal({ ok: true })
    expect(requests[0]).to.include({ method: 'POST', url: '/kubo-1/api/v0/swarm/connect?arg=%2Fa&arg=%2Fb&offline=true' })
    expect(requests[0].headers).to.include({ authorization: `Basic ${btoa('me:secret')}`, 'x-tenant': 'a' })
    expect(rpc.name).to.equal(`http://${address}/kubo-1`)
    expect(JSON.stringify(rpc)).to.not.include('secret')
  })

  it('sends a stream as a body', async () => {
    const { address, requests } = await listen((request, response) => { request.pipe(response) })
    const body = new Blob(['hello']).stream()
    const response = await createKuboRpc({ url: `http://${address}` }).call('block/put', {}, { body, contentType: 'text/x' })

    expect(await response.text()).to.equal('hello')
    expect(requests[0].headers['content-type']).to.equal('text/x')
  })

  for (const status of [301, 302, 303, 307, 308]) {
    it(`refuses a redirect of status ${status} with a sentence, and the credentials do not follow it`, async () => {
      const elsewhere = await listen((_, response) => { response.end('{}') })
      const { address, requests } = await listen((_, response) => { response.writeHead(status, { location: `http://me:secret@${elsewhere.address}/` }).end() })
      const rpc = createKuboRpc({ url: `http://me:secret@${address}`, headers: { 'x-key': 'secret' } })

      for (const call of [async () => rpc.json('id'), async () => rpc.call('block/get', { arg: 'x' }), async () => rpc.call('block/put', {}, { body: new Blob(['x']).stream() })]) {
        await expect(call()).to.eventually.be.rejectedWith('it redirects, which is refused: credentials go only to the address that is configured')
          .that.has.property('name', 'KuboRpcError')
      }

      expect(requests).to.have.lengthOf(3)
      expect(elsewhere.requests).to.be.empty()
    })
  }

  it('refuses a redirect as browsers show it, without a status', async () => {
    const response = Object.defineProperty(new Response(null), 'type', { value: 'opaqueredirect' })
    const rpc = createKuboRpc({ url: 'http://node', fetch: async () => response })

    await expect(rpc.call('id')).to.eventually.be.rejectedWith(/it redirects, which is refused/)
  })

  it('tells the platform not to follow redirects, even with another `fetch`', () => {
    expect(createKuboRpc({ url: 'http://node' }).request('id').redirect).to.equal('manual')
  })

  it('fails with the reason of a signal', async () => {
    const { address } = await listen(() => {})
    const reason = new Error('enough')
    const controller = new AbortController()
    const call = createKuboRpc({ url: `http://${address}` }).json('id', {}, { signal: controller.signal })
    controller.abort(reason)

    await expect(call).to.eventually.be.rejectedWith(reason)
  })

  it('says why a node cannot be reached', async () => {
    const { address } = await listen(request => { request.socket.destroy() })

    await expect(createKuboRpc({ url: `http://${address}` }).call('id')).to.eventually.be.rejectedWith('UND_ERR_SOCKET')
      .that.has.property('name', 'KuboRpcError')
  })
})
