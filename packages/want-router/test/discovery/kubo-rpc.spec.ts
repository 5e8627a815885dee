import { expect } from 'aegir/chai'
import { kubo } from '../../src/discovery/kubo-rpc.ts'
import { answerOf, useKuboRpcRig, ID } from './kubo-rpc-rig.ts'
import type { Attempt } from './kubo-rpc-rig.ts'
import type { FakeTimers } from '../targets/fixtures.ts'
import type { RequestListener } from 'node:http'

const OTHER_ID = 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'

describe('discovery by the RPC of kubo', () => {
  const rig = useKuboRpcRig()
  const { locateAt, urlWith } = rig

  it('asks POST /api/v0/id, and learns the peer and its addresses', async () => {
    const { located } = await rig.locate()

    expect(rig.requests).to.have.lengthOf(2)
    expect(rig.requests[0]).to.include({ method: 'POST', url: '/api/v0/id' })
    expect(rig.requests[1]).to.include({ method: 'POST', url: '/api/v0/swarm/addrs/listen' })
    expect(located?.peer.toString()).to.equal(ID)
    expect(located?.addresses.map(String)).to.deep.equal([
      `/ip4/127.0.0.1/tcp/4001/p2p/${ID}`,
      `/ip4/172.17.0.2/tcp/4001/p2p/${ID}`
    ])
  })

  it('asks below the path of a URL', async () => {
    await rig.locate({ url: `http://${rig.address}/kubo-1/` })
    expect(rig.requests[0].url).to.equal('/kubo-1/api/v0/id')
  })

  it('takes multiaddrs', async () => {
    const [host, port] = rig.address.split(':')
    const { located } = await rig.locate({ url: `/ip4/${host}/tcp/${port}` })
    expect(located?.peer.toString()).to.equal(ID)
  })

  it('names members by the address as written, or by the given name', () => {
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
    rig.respond = (_, response) => { response.writeHead(500).end() }
    const [target] = kubo([{ url: `http://${rig.address}`, retry: { timers: rig.timers } }])
    const attempts = rig.begin(target)
    expect((await attempts.next()).error).to.have.property('message').that.includes('it answered 500')

    rig.respond = (_, response) => { response.end(answerOf(OTHER_ID)) }
    await rig.timers.advance(100)
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

  const hangs: Record<string, RequestListener> = {
    'before its answer': () => {},
    'in the middle of its answer': (_, response) => { response.writeHead(200).write('{') }
  }

  /** Begins with a server that hangs, and waits until it has been asked. */
  async function hang (listener: RequestListener): Promise<{ advance: FakeTimers['advance'], next(): Promise<Attempt>, closed: Promise<void> }> {
    const asked = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()

    rig.respond = (request, response) => {
      request.socket.once('close', () => { closed.resolve() })
      listener(request, response)
      asked.resolve()
    }

    const [target] = kubo([{ url: urlWith(''), retry: { timers: rig.timers } }])
    const { next } = rig.begin(target)
    await asked.promise

    return { advance: rig.timers.advance, next, closed: closed.promise }
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
    await rig.targets[0].stop()

    await closed
    expect(rig.timers.pending).to.equal(0)
  })
})
