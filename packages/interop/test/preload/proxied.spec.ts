import { expect } from 'aegir/chai'
import { seededBlock } from '../../src/blocks.ts'
import { needKubo } from '../../src/needs.ts'
import { serveBlocks } from '../../src/serve-blocks.ts'
import { stack } from '../../src/stack.ts'
import { startForwardingProxy } from '../support/forwarding-proxy.ts'
import { startPreloadNode } from '../support/preload-node.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { TestBlock } from '../../src/blocks.ts'
import type { WirePeer } from '../../src/wire-peer.ts'

const HERE = '203.0.113.7'
const ELSEWHERE = '2001:db8::7'

describe('preload behind proxies', function () {
  this.timeout(60_000)

  let binary: string
  let balancer: Balancer
  let block: TestBlock
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'preload behind proxies')
  })

  beforeEach(async () => {
    block = await seededBlock(1000, 'proxied')
    const node = await startPreloadNode(peers, '--trusted-proxy', '127.0.0.1')
    balancer = node.balancer
  })

  afterEach(async () => {
    await peers.stop()
  })

  /** Makes a client that holds the block, and whose WebSocket comes through a proxy that reports its address. */
  const client = async (from: string): Promise<WirePeer> => {
    const proxy = await startForwardingProxy({ target: Number(/\/tcp\/(\d+)\//.exec(balancer.ws)?.[1]), from })
    peers.onStop(proxy.stop)
    const peer = await peers.wire({ onMessage: serveBlocks([block]) })
    await peer.connect(balancer.ws.replace(/\/tcp\/\d+\//, `/tcp/${proxy.port}/`))

    return peer
  }

  it('asks the client that made the request, by the address that trusted proxies report for both of its connections', async () => {
    const here = await client(HERE)
    const elsewhere = await client(ELSEWHERE)
    const response = await fetch(`${balancer.preload}/api/v0/refs?arg=${block.cid}`, { method: 'POST', headers: { 'x-forwarded-for': ELSEWHERE } })

    expect(response.status).to.equal(200)
    await response.text()
    expect(elsewhere.received.some(({ message }) => message.wants.length > 0)).to.equal(true)
    expect(here.received.some(({ message }) => message.wants.length > 0)).to.equal(false)
  })
})
