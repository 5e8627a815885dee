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
import type { WorkerResult } from './worker-page.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { Kubo } from '../../src/kubo.ts'

const FILES: Readonly<Record<string, number>> = { 'large.bin': 1 << 20, 'small.txt': 100 }
/** A block that no node has. */
const ABSENT = 'bafkreigaknpexyvxt76zgkitavbwx6ejgfheup5oybpm77f3pxzrvwpfdi'

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

  it('are served again by a service worker in Chromium, to its page', async function () {
    const chromium = needChromium(this, 'blocks by a service worker in Chromium')
    const [script, worker] = await Promise.all(['./worker-page.ts', './gateway-worker.ts'].map(async file => bundlePage(new URL(file, import.meta.url))))
    const { block, head, car, absent, failure } = await runPage<WorkerResult>(chromium, script, { ...task, absent: ABSENT }, [], { '/worker.js': worker })

    expect(failure ?? '').to.equal('')
    expect(block).to.deep.equal({ status: 200, type: 'application/vnd.ipld.raw', etag: `"${task.leaf}.raw"`, length: 1000 })
    expect(head).to.deep.equal({ ...block, length: 0 })
    expect(car).to.deep.include({ status: 200 })
    expect(car?.length).to.be.above(1 << 20)
    expect(absent).to.deep.include({ status: 404 })
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
