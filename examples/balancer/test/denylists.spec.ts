import { writeFileSync } from 'node:fs'
import { expect } from 'aegir/chai'
import { startBalancer } from '../src/balancer.ts'
import { ConfigError } from '../src/errors.ts'
import { connectClient, loopbackConfig, startNodes, until } from './support/demo.ts'
import { temporaryFolder } from './support/folder.ts'
import type { Balancer } from '../src/balancer.ts'
import type { DemoDag } from '../src/demo/dag.ts'
import type { DemoNodes } from '../src/demo/demo-nodes.ts'

describe('a balancer with denylists', function () {
  this.timeout(60_000)

  const path = temporaryFolder()
  let nodes: DemoNodes & { dag: DemoDag }
  let balancer: Balancer | undefined

  beforeEach(async () => {
    nodes = await startNodes()
  })

  afterEach(async () => {
    await balancer?.stop()
    balancer = undefined
    await nodes.stop()
  })

  it('does not serve what is on a list, and serves it again when the list has changed', async () => {
    const [denied, other] = nodes.dag.blocks
    const list = path('x.deny')
    writeFileSync(list, `name: test\n---\n/ipfs/${denied.cid}\n`)
    const config = loopbackConfig(nodes.addresses, { key: path('key'), denylist: [list] })
    balancer = await startBalancer(config)
    const { router } = balancer
    await until(() => router.ready)
    const client = await connectClient(balancer.addresses[0])

    try {
      expect(await client.get(other.cid)).to.deep.equal(other.bytes)
      await expect(client.get(denied.cid)).to.eventually.be.rejected.with.property('name', 'FetchFailedError')
      expect(router.status().policies).to.have.nested.property('[0].refused', 1)

      writeFileSync(list, '')
      balancer.reload(config)
      await until(() => client.get(denied.cid).then(() => true, () => false))
    } finally {
      await client.host.stop()
    }
  })

  it('does not start with a list that cannot be read', async () => {
    const config = loopbackConfig(nodes.addresses, { key: path('key'), denylist: [path('missing.deny')] })

    await expect(startBalancer(config)).to.be.rejectedWith(ConfigError, 'missing.deny')
  })
})
