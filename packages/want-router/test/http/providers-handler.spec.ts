import { peerIdFromString } from '@libp2p/peer-id'
import { expect } from 'aegir/chai'
import { providersHandler } from '../../src/http/index.ts'
import type { Handler, ProvidersHandlerOptions } from '../../src/http/index.ts'
import type { HasAnswer, LocalClient } from '../../src/index.ts'

const ID = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'
/** The same as a CID. */
const ID_CID = peerIdFromString(ID).toCID().toString()
const CID = 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'
const BITSWAP = '/ip4/10.0.0.1/tcp/4001'
const WEBSOCKET = '/dns4/example.com/tcp/443/tls/ws'
const HTTP = '/dns/example.com/tcp/443/tls/http'
const RECORD = { Schema: 'peer', ID, Addrs: [HTTP, BITSWAP, WEBSOCKET], Protocols: ['transport-ipfs-gateway-http', 'transport-bitswap'] }

interface Asked {
  readonly client: string
  readonly cid: string
  readonly within?: number
}

describe('providersHandler', () => {
  let asked: Asked[]
  let answer: HasAnswer | Error
  let ready: boolean
  let onAsked: () => void
  let handler: Handler
  let start: (options?: Partial<ProvidersHandlerOptions>) => Handler

  beforeEach(() => {
    asked = []
    answer = 'have'
    ready = true
    onAsked = () => {}
    start = options => providersHandler({
      get ready () { return ready },
      client: name => ({
        async has (cid, { within } = {}) {
          asked.push({ client: name, cid: cid.toString(), within })
          onAsked()

          if (answer instanceof Error) {
            throw answer
          }

          return answer
        }
      }) as LocalClient
    }, { peerId: ID, addresses: [HTTP, BITSWAP, WEBSOCKET], ...options })
    handler = start()
  })

  const get = async (path: string, { method = 'GET', ...headers }: { method?: string, accept?: string, 'user-agent'?: string, 'x-forwarded-for'?: string } = {}): Promise<Response> => handler(
    new Request(`http://localhost${path}`, { method, headers }),
    { remoteAddress: '1.2.3.4' }
  )
  const providers = async (query = ''): Promise<unknown[]> => (await (await get(`/routing/v1/providers/${CID}${query}`)).json() as { Providers: unknown[] }).Providers

  it('names itself, over HTTP and over bitswap, for blocks that a member has', async () => {
    const response = await get(`/routing/v1/providers/${CID}`)

    expect(response.status).to.equal(200)
    expect(Object.fromEntries(response.headers)).to.include({ 'content-type': 'application/json', 'cache-control': 'public, max-age=60', vary: 'Accept', 'access-control-allow-origin': '*' })
    expect(await response.json()).to.deep.equal({ Providers: [RECORD] })
    expect(asked).to.deep.equal([{ client: 'http:1.2.3.4', cid: CID, within: 1000 }])
  })

  it('names no provider, and lets no cache keep that, for blocks that no known member has', async () => {
    for (answer of ['dont-have', 'unknown'] as const) {
      const response = await get(`/routing/v1/providers/${CID}`)

      expect(response.status).to.equal(200)
      expect(response.headers.get('cache-control')).to.equal('no-store')
      expect(await response.json()).to.deep.equal({ Providers: [] })
    }
  })

  it('waits for a member while none is up', async () => {
    ready = false
    expect(await providers()).to.deep.equal([RECORD])
    expect(asked).to.deep.equal([{ client: 'http:1.2.3.4', cid: CID, within: 7000 }])

    await Promise.all(Array.from({ length: 33 }, async () => providers()))
    expect(asked.slice(1).map(({ within }) => within)).to.deep.equal([...Array.from({ length: 32 }, () => 7000), 1000])
    await providers()
    expect(asked.at(-1)?.within).to.equal(7000)
  })

  it('waits as long for a member that is silent if boxo asks, which searches again only after a minute', async () => {
    await get(`/routing/v1/providers/${CID}`, { 'user-agent': 'kubo/0.43.0/' })
    expect(asked).to.deep.equal([{ client: 'http:1.2.3.4', cid: CID, within: 7000 }])
  })

  it('gives boxo only the addresses for bitswap if no member has answered, since over HTTP boxo would search again only after a minute', async () => {
    const kubo = { 'user-agent': 'kubo/0.43.0/' }
    answer = 'unknown'

    for (ready of [true, false]) {
      const response = await get(`/routing/v1/providers/${CID}`, kubo)
      expect(await response.json()).to.deep.equal({ Providers: [{ ...RECORD, Addrs: [BITSWAP, WEBSOCKET], Protocols: ['transport-bitswap'] }] })
      expect(response.headers.get('cache-control')).to.equal('no-store')
    }

    expect(await (await get(`/routing/v1/providers/${CID}?filter-protocols=transport-ipfs-gateway-http`, kubo)).json()).to.deep.equal({ Providers: [] })
    expect(await providers(), 'to others').to.deep.equal([])

    answer = 'dont-have'
    expect(await (await get(`/routing/v1/providers/${CID}`, kubo)).json(), 'no member has it').to.deep.equal({ Providers: [] })

    handler = providersHandler({ ready, client: () => ({ has: async () => 'unknown' as const }) as unknown as LocalClient }, { peerId: ID, addresses: [HTTP] })
    expect(await (await get(`/routing/v1/providers/${CID}`, kubo)).json(), 'without such an address').to.deep.equal({ Providers: [] })
  })

  /** Asks while all members go down during the first question, if one was up before, or while one comes back. */
  const askWhileThatChanges = async (before: boolean, headers = {}): Promise<void> => {
    ready = before
    answer = 'unknown'

    onAsked = () => {
      ready = !before
      answer = asked.length === 1 ? 'unknown' : 'have'
    }

    expect(await (await get(`/routing/v1/providers/${CID}`, headers)).json()).to.deep.equal({ Providers: [RECORD] })
  }

  it('asks again if all members went down meanwhile', async () => {
    await askWhileThatChanges(true)
    expect(asked.map(({ within }) => within)).to.deep.equal([1000, 7000])
  })

  it('asks again for a second alone if boxo asks, which gives a search 10 s', async () => {
    await askWhileThatChanges(true, { 'user-agent': 'kubo/0.43.0/' })
    expect(asked.map(({ within }) => within)).to.deep.equal([7000, 1000])
  })

  it('asks again if a member came back without an answer', async () => {
    await askWhileThatChanges(false)
    expect(asked.map(({ within }) => within)).to.deep.equal([7000, 1000])
  })

  it('writes one record in each line for clients that accept it', async () => {
    for (const accept of ['application/x-ndjson', 'application/x-ndjson,application/json', 'application/json;q=0.5, Application/X-NDJSON']) {
      const response = await get(`/routing/v1/providers/${CID}`, { accept })
      expect(response.headers.get('content-type')).to.equal('application/x-ndjson')
      expect(await response.text()).to.equal(`${JSON.stringify(RECORD)}\n`)
    }

    answer = 'unknown'
    const none = await get(`/routing/v1/providers/${CID}`, { accept: 'application/x-ndjson' })
    expect(none.status).to.equal(200)
    expect(await none.text()).to.equal('')
  })

  it('writes JSON for all other clients, and refuses those that accept neither', async () => {
    for (const accept of ['application/json', '*/*', 'text/html, */*;q=0.8', 'application/*']) {
      expect((await get(`/routing/v1/providers/${CID}`, { accept })).headers.get('content-type'), accept).to.equal('application/json')
    }

    expect((await get(`/routing/v1/providers/${CID}`, { accept: 'text/html' })).status).to.equal(406)
  })

  it('leaves out records that the filters exclude', async () => {
    const cases: Array<[string, string[] | undefined]> = [
      ['?filter-protocols=transport-bitswap', RECORD.Addrs],
      ['?filter-protocols=unknown,Transport-IPFS-Gateway-HTTP', RECORD.Addrs],
      ['?filter-protocols=transport-graphsync', undefined],
      ['?filter-protocols=unknown', undefined],
      ['?filter-addrs=http', [HTTP]],
      ['?filter-addrs=ws,http', [HTTP, WEBSOCKET]],
      ['?filter-addrs=!tls', [BITSWAP]],
      ['?filter-addrs=TCP,!ws', [HTTP, BITSWAP]],
      ['?filter-addrs=quic-v1', undefined],
      ['?filter-addrs=unknown', undefined],
      ['?filter-addrs=no-such-protocol,http', [HTTP]],
      ['?filter-addrs=', RECORD.Addrs],
      ['?filter-addrs=http&filter-protocols=transport-graphsync', undefined]
    ]

    for (const [query, addresses] of cases) {
      expect(await providers(query), query).to.deep.equal(addresses == null ? [] : [{ ...RECORD, Addrs: addresses }])
    }
  })

  it('answers with its own addresses if it is the peer', async () => {
    for (const id of [ID, ID_CID]) {
      expect(await (await get(`/routing/v1/peers/${id}`)).json(), id).to.deep.equal({ Peers: [RECORD] })
    }

    expect(await (await get('/routing/v1/peers/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N')).json()).to.deep.equal({ Peers: [] })
    expect(asked).to.deep.equal([])
  })

  it('reads its addresses again for each request', async () => {
    let addresses = [BITSWAP]
    handler = providersHandler({ ready: true, client: () => ({ has: async () => 'have' as const }) as unknown as LocalClient }, { peerId: ID, addresses: () => addresses })
    expect(await providers()).to.deep.equal([{ Schema: 'peer', ID, Addrs: [BITSWAP], Protocols: ['transport-bitswap'] }])

    addresses = [HTTP]
    expect(await providers()).to.deep.equal([{ Schema: 'peer', ID, Addrs: [HTTP], Protocols: ['transport-ipfs-gateway-http'] }])

    addresses = []
    expect(await providers('?filter-addrs=unknown')).to.deep.equal([{ Schema: 'peer', ID, Addrs: [], Protocols: [] }])
  })

  it('asks for the client whose address a trusted proxy forwards, and trusts no other proxy', async () => {
    const forwarded = { method: 'GET', 'x-forwarded-for': '203.0.113.5' }
    await get(`/routing/v1/providers/${CID}`, forwarded)
    handler = start({ trustedProxies: ['1.2.3.0/24'] })
    await get(`/routing/v1/providers/${CID}`, forwarded)

    expect(asked.map(({ client }) => client)).to.deep.equal(['http:1.2.3.4', 'http:203.0.113.5'])
    expect(() => start({ trustedProxies: ['proxy.internal'] })).to.throw('trustedProxies').with.property('name', 'InvalidOptionError')
  })

  it('answers a HEAD without records, and the preflight of a browser', async () => {
    const head = await get(`/routing/v1/providers/${CID}`, { method: 'HEAD' })
    expect(head.status).to.equal(200)
    expect(await head.text()).to.equal('')
    expect((await get(`/routing/v1/providers/${CID}`, { method: 'OPTIONS' })).status).to.equal(204)
  })

  it('refuses unknown requests', async () => {
    const cases: Array<[string, string, number]> = [
      ['GET', '/routing/v1/providers/nonsense', 400],
      ['GET', '/routing/v1/peers/nonsense!', 400],
      ['GET', `/routing/v1/providers/${CID}/more`, 404],
      ['GET', `/routing/v1/ipns/${ID_CID}`, 404],
      ['GET', '/routing/v2/providers/x', 404],
      ['PUT', `/routing/v1/providers/${CID}`, 405]
    ]

    for (const [method, path, status] of cases) {
      expect((await get(path, { method })).status, path).to.equal(status)
    }
  })
})
