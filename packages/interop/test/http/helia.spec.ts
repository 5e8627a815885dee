import { createHash } from 'node:crypto'
import { expect } from 'aegir/chai'
import { seededBuffer } from '../../src/dag.ts'
import { needChromium, needKubo } from '../../src/needs.ts'
import { stack } from '../../src/stack.ts'
import { CERTIFICATE } from '../support/certificate.ts'
import { bundlePage, runPage } from '../support/chromium-page.ts'
import { readThroughGateway } from './read-through-gateway.ts'
import type { PageResult } from './helia-page.ts'
import type { GatewayTask } from './read-through-gateway.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { Kubo } from '../../src/kubo.ts'

const FILES: Readonly<Record<string, number>> = { 'large.bin': 1 << 20, 'small.txt': 100 }

describe('blocks of a balancer over HTTP, without libp2p', function () {
  this.timeout(120_000)

  let binary: string
  let balancer: Balancer
  let task: GatewayTask
  const leaf = seededBuffer(1000, 'leaf')
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'blocks over HTTP')
    const holder = await peers.kubo()
    const root = await addFiles(holder)
    balancer = await peers.balancer({ downstreams: [holder.url], args: ['--http', 'http://127.0.0.1:0', '--http', 'https://localhost:0', ...CERTIFICATE] })
    task = { url: balancer.http[0], root, leaf: await holder.putBlock(leaf) }
  })

  after(async () => {
    await peers.stop()
  })

  it('are read by Helia, which finds them by delegated routing', async () => {
    expect(await readThroughGateway(task)).to.deep.equal(FILES)
  })

  it('are read by Helia in Chromium, and by plain fetch', async function () {
    const chromium = needChromium(this, 'blocks over HTTP in Chromium')
    // in a browser Helia asks for addresses with TLS only
    const script = await bundlePage(new URL('./helia-page.ts', import.meta.url))
    const { helia, plain, failure } = await runPage<PageResult>(chromium, script, { ...task, url: balancer.http[1] }, ['--ignore-certificate-errors'])

    expect(failure ?? '').to.equal('')
    expect(helia).to.deep.equal(FILES)
    expect(plain.block).to.deep.equal({ status: 200, type: 'application/vnd.ipld.raw', sha256: createHash('sha256').update(leaf).digest('hex') })
    expect(plain.car).to.deep.include({ status: 200 })
    expect(plain.car.type).to.include('application/vnd.ipld.car')
    expect(plain.car.length).to.be.above(1 << 20)
  })
})

/** Adds the files in a directory, and returns its CID. */
async function addFiles (node: Kubo): Promise<string> {
  const form = new FormData()

  for (const [name, size] of Object.entries(FILES)) {
    form.append('file', new Blob([new Uint8Array(seededBuffer(size, name))]), name)
  }

  const response = await node.call('add', [], { 'wrap-with-directory': 'true', 'cid-version': '1', pin: 'false' }, { body: form })
  const lines = (await response.text()).trim().split('\n').map(line => JSON.parse(line) as { Name: string, Hash: string })

  return lines.find(({ Name }) => Name === '')?.Hash ?? ''
}
