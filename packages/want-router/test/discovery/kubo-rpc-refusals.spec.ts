import { createServer } from 'node:http'
import { expect } from 'aegir/chai'
import { kubo } from '../../src/discovery/kubo-rpc.ts'
import { useKuboRpcRig, ID } from './kubo-rpc-rig.ts'
import type { KuboInit } from '../../src/discovery/kubo-rpc.ts'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

describe('discovery by the RPC of kubo: what it keeps secret and what it refuses', () => {
  const rig = useKuboRpcRig()
  const { locateAt, urlWith } = rig

  describe('with credentials', () => {
    it('sends those of a URL as an Authorization header', async () => {
      await rig.locate({ url: `http://me:secret@${rig.address}` })
      expect(rig.requests[0].headers.authorization).to.equal(`Basic ${btoa('me:secret')}`)
    })

    it('sends an authorization and headers that were given', async () => {
      await rig.locate({ authorization: 'Bearer secret', headers: { 'X-Tenant': 'a' } })
      expect(rig.requests[0].headers).to.include({ authorization: 'Bearer secret', 'x-tenant': 'a' })
    })

    const failures: Record<string, RequestListener> = {
      'a refusal': (_, response) => { response.writeHead(401).end('secret') },
      'a redirect': (request, response) => { response.writeHead(302, { location: `http://me:secret@${request.headers.host}/` }).end() },
      'what is not JSON': (request, response) => { response.end(request.headers.authorization) },
      'a closed connection': request => { request.socket.destroy() }
    }

    for (const [failure, listener] of Object.entries(failures)) {
      it(`shows them in no name, error or log after ${failure}`, async () => {
        const { error, said } = await locateAt(listener, { url: urlWith('me:secret@'), headers: { 'x-key': 'secret' } })

        expect(error).to.have.property('name', 'KuboRpcError')
        expect(said).to.include('is down').and.to.include(`${urlWith('')} cannot be asked who it is`)
        expect(said).to.not.include('secret').and.not.include(btoa('me:secret'))
      })
    }

    it('refuses headers that HTTP does not allow, or that are given twice, without showing them', () => {
      const refused: KuboInit[] = [
        { url: 'http://node', authorization: 'Bearer sec\nret' },
        { url: 'http://node', headers: { 'x key': 'secret' } },
        { url: 'http://me:secret@node', authorization: 'Bearer secret' },
        { url: 'http://node', headers: { Authorization: 'secret' }, authorization: 'Bearer secret' },
        { url: 'http://node', headers: { 'x-key': 'secret', 'X-Key': 'secret' } }
      ]

      for (const init of refused) {
        expect(() => kubo([init])).to.throw()
          .that.satisfies((err: Error) => err.name === 'InvalidOptionError' && !/sec|ret/.test(err.message))
      }
    })
  })

  describe('refuses', () => {
    const answers: Record<string, [listener: RequestListener, why: RegExp]> = {
      'a redirect': [(_, response) => { response.writeHead(307, { location: '/elsewhere' }).end() }, /it redirects, which is refused/],
      'a status other than 200': [(_, response) => { response.writeHead(404).end() }, /404: is this the RPC, and not the gateway\?/],
      'no content': [(_, response) => { response.writeHead(204).end() }, /it answered 204/],
      text: [(_, response) => { response.end('<html>') }, /not JSON/],
      'an empty answer': [(_, response) => { response.end() }, /not JSON/],
      null: [(_, response) => { response.end('null') }, /expected { ID, Addresses }/],
      'an array': [(_, response) => { response.end('[]') }, /expected { ID, Addresses }/],
      'an answer without an id': [(_, response) => { response.end('{"Addresses":[]}') }, /expected { ID, Addresses }/],
      'addresses of the wrong type': [(_, response) => { response.end(`{"ID":"${ID}","Addresses":[1]}`) }, /expected { ID, Addresses }/],
      'a malformed peer id': [(_, response) => { response.end('{"ID":"12D3Koo","Addresses":["/ip4/127.0.0.1/tcp/1"]}') }, /is not a peer id/],
      'a CID for a peer id': [(_, response) => { response.end('{"ID":"bafkreiatjbk6sqm6wo5phthm7dr2ymypykxaaztudkc7wgg2rbi6f3v7em","Addresses":["/ip4/127.0.0.1/tcp/1"]}') }, /is not a peer id/],
      'no addresses': [(_, response) => { response.end(`{"ID":"${ID}","Addresses":null}`) }, /no address that can be dialled/],
      'addresses for QUIC alone': [(_, response) => { response.end(`{"ID":"${ID}","Addresses":["/ip4/127.0.0.1/udp/4001/quic-v1"]}`) }, /no address that can be dialled/],
      'a connection closed in the middle of its answer': [(_, response) => {
        response.writeHead(200, { 'content-length': 1000 })
        response.write('{', () => { response.destroy() })
      }, /cannot be asked/]
    }

    for (const [what, [listener, why]] of Object.entries(answers)) {
      it(what, async () => {
        const { error, asked } = await locateAt(listener)

        expect(error).to.have.property('name', 'KuboRpcError')
        expect(error?.message).to.match(why).and.include(urlWith(''))
        // a redirect is not followed, and nothing is asked twice
        expect(asked.filter(path => path !== '/api/v0/swarm/addrs/listen')).to.deep.equal(['/api/v0/id'])
      })
    }

    it('more than 64 KiB, and hangs up', async () => {
      const closed = Promise.withResolvers<void>()

      rig.respond = (_, response) => {
        response.once('close', closed.resolve)

        const write = (): void => {
          while (response.write(' '.repeat(10_000))) {
            continue
          }
        }

        response.on('drain', write)
        write()
      }

      const { error } = await rig.locate()

      expect(error?.message).to.match(/more than 65536 bytes/)
      await closed.promise
    })

    it('a server that is not there', async () => {
      const gone = createServer()
      await new Promise<void>(resolve => { gone.listen(0, '127.0.0.1', resolve) })
      const { port } = gone.address() as AddressInfo
      await new Promise(resolve => gone.close(resolve))

      const { error } = await rig.locate({ url: `http://127.0.0.1:${port}` })
      expect(error?.message).to.match(/cannot be asked who it is: ECONNREFUSED/)
      expect(error).to.have.property('name', 'KuboRpcError')
    })
  })
})
