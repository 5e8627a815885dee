import { createServer } from 'node:http'
import { expect } from 'aegir/chai'
import { kubo } from '../../src/discovery/kubo-rpc.ts'
import { fakeTimers, recordingSink } from '../targets/fixtures.ts'
import type { KuboInit } from '../../src/discovery/kubo-rpc.ts'
import type { LocatedPeer, Target, TargetInit } from '../../src/targets/target.ts'
import type { FakeTimers } from '../targets/fixtures.ts'
import type { Logger } from '@libp2p/interface'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const ID = '12D3KooWJvyP4dnE7TQhYSNVc8GUv7LoGBHKcfUxSvSwCqWEBJfF'
const OTHER_ID = 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'

/** An answer of kubo 0.42, shortened. */
function answerOf (id: string): string {
  return JSON.stringify({
    ID: id,
    PublicKey: 'CAESIIiF',
    Addresses: [`/ip4/172.17.0.2/tcp/4001/p2p/${id}`, `/ip4/172.17.0.2/udp/4001/quic-v1/p2p/${id}`],
    AgentVersion: 'kubo/0.42.0/',
    Protocols: ['/ipfs/bitswap/1.2.0']
  })
}

/** What one attempt led to, and all that was said of it. */
interface Attempt {
  readonly located?: LocatedPeer
  readonly error?: Error
}

describe('discovery by the RPC of kubo', () => {
  let server: Server
  let respond: RequestListener
  let requests: Array<Pick<IncomingMessage, 'method' | 'url' | 'headers'>>
  let address: string
  let targets: Target[]
  let said: string
  let timers: FakeTimers

  beforeEach(async () => {
    requests = []
    targets = []
    said = ''
    timers = fakeTimers()
    respond = (_, response) => { response.end(answerOf(ID)) }
    server = createServer((request, response) => {
      requests.push({ method: request.method, url: request.url, headers: request.headers })
      respond(request, response)
    })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  afterEach(async () => {
    await Promise.all(targets.map(async target => target.stop()))
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })

  function say (...args: unknown[]): void {
    said += args.map(arg => arg instanceof Error ? `${arg.stack} ${arg.cause} ${JSON.stringify(arg)}` : String(arg)).join(' ') + '\n'
  }

  const logger: Logger = Object.assign(say, { error: say, trace: say, enabled: true, newScope: () => logger })

  /** Starts a target; each `next` is what its next attempt to connect came to. */
  function begin (init: TargetInit): { next(): Promise<Attempt> } {
    const attempts: Attempt[] = []
    let noted = Promise.withResolvers<void>()
    const note = (attempt: Attempt): void => {
      attempts.push(attempt)
      noted.resolve()
    }
    const target = init.create({
      logger: { forComponent: () => logger },
      openPeer: async located => {
        note({ located })
        return new Promise(() => {})
      }
    })
    targets.push(target)
    const sink = recordingSink()
    sink.down = error => {
      say(error)
      note({ error })
    }
    Promise.resolve(target.start(sink)).catch(say)

    return {
      async next () {
        await noted.promise
        noted = Promise.withResolvers()
        return attempts.shift() ?? {}
      }
    }
  }

  function urlWith (credentials: string): string {
    return `http://${credentials}${address}`
  }

  /** The first attempt with a server that responds so. */
  async function locateAt (listener: RequestListener, init?: Partial<KuboInit>): Promise<Attempt & { asked: Array<string | undefined>, said: string }> {
    respond = listener
    const attempt = await locate(init)
    return { ...attempt, asked: requests.map(({ url }) => url), said }
  }

  async function locate (init: Partial<KuboInit> = {}): Promise<Attempt> {
    const [target] = kubo([{ url: `http://${address}`, retry: { timers }, ...init }])
    return begin(target).next()
  }

  it('asks POST /api/v0/id, and learns the peer and its addresses', async () => {
    const { located } = await locate()

    expect(requests).to.have.lengthOf(2)
    expect(requests[0]).to.include({ method: 'POST', url: '/api/v0/id' })
    expect(requests[1]).to.include({ method: 'POST', url: '/api/v0/swarm/addrs/listen' })
    expect(located?.peer.toString()).to.equal(ID)
    expect(located?.addresses.map(String)).to.deep.equal([
      `/ip4/127.0.0.1/tcp/4001/p2p/${ID}`,
      `/ip4/172.17.0.2/tcp/4001/p2p/${ID}`
    ])
  })

  it('asks below the path of a URL', async () => {
    await locate({ url: `http://${address}/kubo-1/` })
    expect(requests[0].url).to.equal('/kubo-1/api/v0/id')
  })

  it('takes multiaddrs', async () => {
    const [host, port] = address.split(':')
    const { located } = await locate({ url: `/ip4/${host}/tcp/${port}` })
    expect(located?.peer.toString()).to.equal(ID)
  })

  it('names members by the address as written, or as told', () => {
    const inits = kubo([
      '/ip4/10.0.0.1/tcp/5001',
      'http://node:5001/',
      { url: 'http://me:secret@node:5002', weight: 2, labels: { zone: 'x' } },
      { url: 'http://node:5003', id: 'three' }
    ])

    expect(inits.map(({ id }) => id)).to.deep.equal(['/ip4/10.0.0.1/tcp/5001', 'http://node:5001/', 'http://node:5002', 'three'])
    expect(inits[2]).to.deep.include({ weight: 2, labels: { zone: 'x' } })
  })

  it('asks again for each attempt, so that a node may come back as another peer', async () => {
    respond = (_, response) => { response.writeHead(500).end() }
    const [target] = kubo([{ url: `http://${address}`, retry: { timers } }])
    const attempts = begin(target)
    expect((await attempts.next()).error).to.have.property('message').that.includes('it answered 500')

    respond = (_, response) => { response.end(answerOf(OTHER_ID)) }
    await timers.advance(100)
    expect((await attempts.next()).located?.peer.toString()).to.equal(OTHER_ID)
  })

  describe('of a node that does not announce what it listens on', () => {
    /** An RPC whose node announces these and says so of its listeners. */
    function announcing (addresses: string[] | null, listeners: RequestListener): RequestListener {
      return (request, response) => {
        if (request.url === '/api/v0/swarm/addrs/listen') {
          listeners(request, response)
        } else {
          response.end(JSON.stringify({ ID, Addresses: addresses }))
        }
      }
    }

    const listening: RequestListener = (_, response) => {
      response.end(JSON.stringify({ Strings: ['/ip4/127.0.0.1/tcp/4001', '/ip4/127.0.0.1/udp/4001/quic-v1'] }))
    }

    for (const [what, addresses] of Object.entries({ nothing: null, 'an empty list': [], 'addresses for QUIC alone': [`/ip4/10.0.0.1/udp/4001/quic-v1/p2p/${ID}`] })) {
      it(`takes its listeners if it announces ${what}`, async () => {
        const { located } = await locateAt(announcing(addresses, listening))

        expect(located?.peer.toString()).to.equal(ID)
        expect(located?.addresses.map(String)).to.deep.equal(['/ip4/127.0.0.1/tcp/4001'])
      })
    }

    it('tries its listeners before a name that may lead elsewhere', async () => {
      const { located } = await locateAt(announcing([`/dns4/node.example/tcp/443/wss/p2p/${ID}`], listening))

      expect(located?.addresses.map(String)).to.deep.equal(['/ip4/127.0.0.1/tcp/4001', `/dns4/node.example/tcp/443/wss/p2p/${ID}`])
    })

    const useless: Record<string, RequestListener> = {
      'forbids the question': (_, response) => { response.writeHead(403).end('secret') },
      'knows no such command': (_, response) => { response.writeHead(404).end() },
      'hangs at the question': () => {},
      'answers something else': (_, response) => { response.end('{"Strings":[1,null]}') }
    }

    for (const [what, listeners] of Object.entries(useless)) {
      it(`does with what is announced if its RPC ${what}`, async () => {
        const { located } = await locateAt(announcing([`/ip4/127.0.0.1/tcp/4001/p2p/${ID}`], listeners))

        expect(located?.addresses.map(String)).to.deep.equal([`/ip4/127.0.0.1/tcp/4001/p2p/${ID}`])
      })
    }
  })

  describe('with credentials', () => {
    it('sends those of a URL as an Authorization header', async () => {
      await locate({ url: `http://me:secret@${address}` })
      expect(requests[0].headers.authorization).to.equal(`Basic ${btoa('me:secret')}`)
    })

    it('sends an authorization and headers that were given', async () => {
      await locate({ authorization: 'Bearer secret', headers: { 'X-Tenant': 'a' } })
      expect(requests[0].headers).to.include({ authorization: 'Bearer secret', 'x-tenant': 'a' })
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
      'a peer id that is none': [(_, response) => { response.end('{"ID":"12D3Koo","Addresses":["/ip4/127.0.0.1/tcp/1"]}') }, /no peer id/],
      'a CID for a peer id': [(_, response) => { response.end('{"ID":"bafkreiatjbk6sqm6wo5phthm7dr2ymypykxaaztudkc7wgg2rbi6f3v7em","Addresses":["/ip4/127.0.0.1/tcp/1"]}') }, /no peer id/],
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
      respond = (_, response) => {
        response.once('close', closed.resolve)
        const write = (): void => {
          while (response.write(' '.repeat(10_000))) {
            continue
          }
        }
        response.on('drain', write)
        write()
      }
      const { error } = await locate()

      expect(error?.message).to.match(/more than 65536 bytes/)
      await closed.promise
    })

    it('a server that is not there', async () => {
      const gone = createServer()
      await new Promise<void>(resolve => { gone.listen(0, '127.0.0.1', resolve) })
      const { port } = gone.address() as AddressInfo
      await new Promise(resolve => gone.close(resolve))

      const { error } = await locate({ url: `http://127.0.0.1:${port}` })
      expect(error?.message).to.match(/cannot be asked who it is: ECONNREFUSED/)
      expect(error).to.have.property('name', 'KuboRpcError')
    })
  })

  const hangs: Record<string, RequestListener> = {
    'before its answer': () => {},
    'in the middle of its answer': (_, response) => { response.writeHead(200).write('{') }
  }

  /** Begins with a server that hangs, and waits until it has been asked. */
  async function hang (listener: RequestListener): Promise<{ advance: FakeTimers['advance'], next(): Promise<Attempt>, closed: Promise<void> }> {
    const asked = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    respond = (request, response) => {
      request.socket.once('close', () => { closed.resolve() })
      listener(request, response)
      asked.resolve()
    }
    const [target] = kubo([{ url: urlWith(''), retry: { timers } }])
    const { next } = begin(target)
    await asked.promise
    return { advance: timers.advance, next, closed: closed.promise }
  }

  for (const [when, listener] of Object.entries(hangs)) {
    it(`gives up a server that hangs ${when} after 2 s, and hangs up`, async () => {
      const { advance, next, closed } = await hang(listener)
      await advance(2000)

      expect((await next()).error).to.have.property('name', 'TimeoutError')
      await closed
    })
  }

  it('stops while a server hangs', async () => {
    const { closed } = await hang(() => {})
    await targets[0].stop()

    await closed
    expect(timers.pending).to.equal(0)
  })
})
