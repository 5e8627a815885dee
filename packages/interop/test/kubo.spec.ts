import { expect } from 'aegir/chai'
import { createDag } from '../src/dag.ts'
import { startKubo } from '../src/kubo.ts'
import { needKubo } from '../src/needs.ts'
import { poll } from '../src/until.ts'
import type { Dag } from '../src/dag.ts'
import type { Kubo } from '../src/kubo.ts'

describe('kubo, as the tests start it', function () {
  this.timeout(60_000)

  const kubos: Kubo[] = []
  let binary: string
  let dag: Dag

  const start = async (...args: Parameters<typeof startKubo> extends [string, ...infer Rest] ? Rest : never): Promise<Kubo> => {
    const kubo = await startKubo(binary, ...args)
    kubos.push(kubo)

    return kubo
  }

  before(async function () {
    binary = needKubo(this, 'the tests of how kubo is started')
    dag = await createDag(binary, { size: 1 << 20, blockSize: 1 << 16 })
  })

  afterEach(async () => {
    await Promise.all(kubos.splice(0).map(async kubo => kubo.stop()))
  })

  it('pins directly from two kubos that hold one half of a file each', async () => {
    const [even, odd, client] = await Promise.all([start({ dag, share: 'even' }), start({ dag, share: 'odd' }), start()])

    expect(await even.has(dag.root)).to.not.equal(await odd.has(dag.root))

    await client.connect(even.tcp)
    await client.connect(odd.ws)
    await client.pin(dag.root)

    expect(await client.cat(dag.root)).to.deep.equal({ sha256: dag.sha256, length: dag.size })
  })

  it('makes the same file of the same seed', async () => {
    const again = await createDag(binary, { size: 1 << 20, blockSize: 1 << 16 })
    const other = await createDag(binary, { size: 1 << 20, blockSize: 1 << 16, seed: 'other' })

    expect(again.root).to.equal(dag.root)
    expect(again.sha256).to.equal(dag.sha256)
    expect(other.root).to.not.equal(dag.root)
  })

  it('comes back on its ports with a new peer id and its blocks', async () => {
    const kubo = await start({ dag })
    const { peerId, url, tcp } = kubo

    await kubo.kill()
    await kubo.restart({ newIdentity: true })

    expect(kubo.peerId).to.not.equal(peerId)
    expect(kubo.url).to.equal(url)
    expect(kubo.tcp).to.equal(tcp.replace(peerId, kubo.peerId))
    expect(await kubo.has(dag.root)).to.equal(true)
  })

  it('answers nothing while it is suspended', async () => {
    const kubo = await start()

    kubo.suspend()
    await expect(kubo.id({ signal: AbortSignal.timeout(500) })).to.eventually.be.rejected()

    kubo.resume()
    await poll(async () => (await kubo.id()).ID === kubo.peerId, 'the RPC to answer again')
  })
})
