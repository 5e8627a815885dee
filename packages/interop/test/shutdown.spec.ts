import { expect } from 'aegir/chai'
import { seededBlock, seededBlocks } from '../src/blocks.ts'
import { temporaryFolder } from '../src/processes.ts'
import { serveBlocks } from '../src/serve-blocks.ts'
import { stack } from '../src/stack.ts'
import { delay, poll } from '../src/until.ts'

describe('a balancer that is told to end', function () {
  this.timeout(60_000)

  const peers = stack()

  afterEach(async () => {
    await peers.stop()
  })

  it('says that it is not ready, finishes what is under way, and exits with 0', async () => {
    const blocks = await seededBlocks(100, 100_000, 'draining')
    // a block a few ms, so that the signal finds the transfer under way
    const holder = await peers.wire({
      listen: ['tcp'],
      onMessage: (received, self) => {
        void delay(300).then(() => { serveBlocks(blocks)(received, self) })
      }
    })
    const balancer = await peers.balancer({ downstreams: holder.addresses })
    const client = await peers.wire()
    await client.connect(balancer.tcp)

    await client.want(balancer.peerId, blocks.map(({ cid }) => cid))
    await poll(async () => await balancer.metric('kitsune_router_wants') > 0, 'the wants to have arrived', { interval: 10 })
    balancer.signal('SIGTERM')

    await poll(async () => !(await balancer.ready()), 'readiness to be off', { interval: 5, timeout: 2_000 })
    await client.until(() => client.blocks.size === blocks.length, 'every block that was wanted before')

    expect((await balancer.exited).code).to.equal(0)
  })

  it('exits with 0 within its grace when a want cannot be served, and sends no DONT_HAVE for it', async () => {
    const missing = await seededBlock(100, 'never served')
    const holder = await peers.wire({ listen: ['tcp'], onMessage: () => {} })
    const balancer = await peers.balancer({ downstreams: holder.addresses, args: ['--grace', '1'] })
    const client = await peers.wire()
    await client.connect(balancer.tcp)

    await client.want(balancer.peerId, [missing.cid], { sendDontHave: true })
    await poll(async () => await balancer.metric('kitsune_router_wants') > 0, 'the want to have arrived')
    const start = performance.now()
    balancer.signal('SIGTERM')

    expect((await balancer.exited).code).to.equal(0)
    expect(performance.now() - start).to.be.lessThan(5_000)
    expect(client.presences.size).to.equal(0)
  })

  it('keeps its peer id when it is started again with the same key file', async () => {
    const holder = await peers.wire({ listen: ['tcp'] })

    const keyFile = `${temporaryFolder('key')}/key`
    const first = await peers.balancer({ downstreams: holder.addresses, keyFile })
    await first.stop()
    const second = await peers.balancer({ downstreams: holder.addresses, keyFile })

    expect(second.peerId).to.equal(first.peerId)
  })
})
