import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect } from 'aegir/chai'
import { startBalancer } from '../../src/balancer.ts'
import { loopbackConfig, startNodes, until } from '../support/demo.ts'
import { temporaryFolder } from '../support/folder.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { BalancerConfig } from '../../src/config/config.ts'
import type { DemoDag } from '../../src/demo/dag.ts'
import type { DemoNodes } from '../../src/demo/demo-nodes.ts'

const TLS = { tlsCert: fixture('localhost.crt'), tlsKey: fixture('localhost.key') }

describe('the balancer over HTTP', function () {
  this.timeout(60_000)

  const path = temporaryFolder()
  let nodes: DemoNodes & { dag: DemoDag }
  let balancer: Balancer | undefined

  beforeEach(async () => {
    nodes = await startNodes()
  })

  afterEach(async () => {
    await balancer?.stop()
    await nodes.stop()
  })

  async function start (rest: Partial<BalancerConfig>): Promise<Balancer> {
    balancer = await startBalancer(loopbackConfig(nodes.addresses, rest), { privateKey: await generateKeyPair('Ed25519') })
    await until(() => balancer?.router.ready === true)

    return balancer
  }

  const addressesIn = async (url: string): Promise<string[]> => {
    const response = await fetch(`${url}/routing/v1/providers/${nodes.dag.root}`)
    const { Providers: [record] } = await response.json() as { Providers: Array<{ ID: string, Addrs: string[] }> }
    expect(record.ID).to.equal(balancer?.peerId)

    return record.Addrs
  }

  it('does not listen unless it is configured', async () => {
    expect((await start({})).httpUrls).to.deep.equal([])
  })

  it('serves blocks', async () => {
    const { httpUrls: [url] } = await start({ http: ['http://127.0.0.1:0'] })

    for (const { cid, bytes } of nodes.dag.blocks) {
      const response = await fetch(`${url}/ipfs/${cid}?format=raw`)
      expect(Buffer.compare(await response.bytes(), bytes)).to.equal(0)
    }
  })

  it('names its addresses for HTTP and for bitswap in provider records', async () => {
    const { httpUrls, addresses } = await start({ http: ['http://127.0.0.1:0', 'https://localhost:0', 'http://0.0.0.0:0'], ...TLS })
    const [plain, secure] = httpUrls.map(url => new URL(url).port)

    expect(await addressesIn(httpUrls[0])).to.deep.equal([
      `/ip4/127.0.0.1/tcp/${plain}/http`,
      `/dns/localhost/tcp/${secure}/tls/http`,
      ...addresses.map(address => address.replace(/\/p2p\/.*/, ''))
    ])
  })

  it('names its public URL instead', async () => {
    const { httpUrls: [url] } = await start({ http: ['http://127.0.0.1:0'], publicUrl: 'https://gateway.example' })

    expect((await addressesIn(url))[0]).to.equal('/dns/gateway.example/tcp/443/tls/http')
  })

  function answersDenied (deniedStatus: 451 | 410): void {
    it(`answers ${deniedStatus} for content on a denylist, if that is configured`, async () => {
      const [{ cid }] = nodes.dag.blocks
      const list = path('x.deny')
      writeFileSync(list, `name: test\n---\n/ipfs/${cid}\n`)
      const { httpUrls: [url] } = await start({ http: ['http://127.0.0.1:0'], denylist: [list], deniedStatus })

      expect((await fetch(`${url}/ipfs/${cid}?format=raw`)).status).to.equal(deniedStatus)
      expect((await fetch(`${url}/ipfs/${cid}?format=raw`, { method: 'HEAD' })).status).to.equal(deniedStatus)
    })
  }

  answersDenied(451)
  answersDenied(410)

  it('counts requests', async () => {
    const { httpUrls: [url], adminUrl } = await start({ http: ['http://127.0.0.1:0'] })
    await (await fetch(`${url}/ipfs/${nodes.dag.root}?format=raw`)).arrayBuffer()
    await (await fetch(`${url}/nothing`)).arrayBuffer()
    await addressesIn(url)
    const metrics = await (await fetch(`${adminUrl}/metrics`)).text()

    expect(metrics).to.include('kitsune_balancer_http_requests_total{kind="block",method="GET",status="200"} 1')
    expect(metrics).to.include('kitsune_balancer_http_requests_total{kind="block",method="GET",status="404"} 1')
    expect(metrics).to.include('kitsune_balancer_http_requests_total{kind="record",method="GET",status="200"} 1')
    expect(metrics).to.match(/^kitsune_balancer_http_connections [1-9]/m)
  })

  it('says which address it cannot listen on, and leaves nothing open', async () => {
    const { httpUrls: [url] } = await start({ http: ['http://127.0.0.1:0'] })

    await expect(startBalancer(loopbackConfig(nodes.addresses, { http: ['http://127.0.0.1:0', url] }), { privateKey: await generateKeyPair('Ed25519') }))
      .to.eventually.be.rejectedWith(`cannot listen on ${url} (--http)`).with.property('name', 'StartError')
    await expect(startBalancer(loopbackConfig(nodes.addresses, { http: ['https://127.0.0.1:0'], tlsCert: 'none.crt', tlsKey: 'none.key' }), { privateKey: await generateKeyPair('Ed25519') }))
      .to.eventually.be.rejectedWith('--tls-cert: none.crt cannot be read').with.property('name', 'StartError')
  })
})

function fixture (name: string): string {
  return fileURLToPath(new URL(`../../../../packages/host/test/fixtures/${name}`, import.meta.url))
}
