import { expect } from 'aegir/chai'
import { startPageServer } from '../src/server.ts'
import type { PageServer } from '../src/server.ts'

const NODE = { url: 'http://127.0.0.1:8081', address: '/ip4/127.0.0.1/tcp/4002/ws' }

describe('the server of the page', function () {
  this.timeout(60_000)

  let server: PageServer

  before(async () => {
    server = await startPageServer({ node: NODE })
  })

  after(async () => {
    await server.stop()
  })

  it('serves the page and the files that it loads', async () => {
    for (const [path, type] of [['', 'text/html'], ['style.css', 'text/css'], ['page.js', 'text/javascript']]) {
      const response = await fetch(server.url + path)

      expect([response.status, response.headers.get('content-type')?.split(';')[0]]).to.deep.equal([200, type])
      expect((await response.text()).length).to.be.above(100)
    }
  })

  it('tells the page which node takes files', async () => {
    expect(await (await fetch(`${server.url}preload-node.json`)).json()).to.deep.equal(NODE)
  })

  it('serves nothing else', async () => {
    expect((await fetch(`${server.url}package.json`)).status).to.equal(404)
    expect((await fetch(server.url, { method: 'POST' })).status).to.equal(404)
  })
})
