import { createServer } from 'node:http'
import { expect } from 'aegir/chai'
import { startAdminServer } from '../../src/admin/server.ts'
import type { AdminInit, AdminServer } from '../../src/admin/server.ts'
import type { AddressInfo } from 'node:net'

describe('admin server', () => {
  let server: AdminServer
  let reason: string | undefined
  let full: boolean

  const init: AdminInit = {
    host: '127.0.0.1',
    port: 0,
    notReady: () => reason,
    full: () => full,
    status: () => ({ peers: 3 }),
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'a_total 1\n' })
  }

  beforeEach(async () => {
    reason = undefined
    full = false
    server = await startAdminServer(init)
  })

  afterEach(async () => {
    await server.stop()
  })

  it('is alive regardless of readiness', async () => {
    reason = 'draining'

    expect(await get('/healthz')).to.deep.equal({ status: 200, body: { status: 'ok' } })
  })

  it('reports that a ready balancer is full', async () => {
    full = true
    expect(await get('/readyz')).to.deep.equal({ status: 200, body: { status: 'ready', full: true } })
  })

  it('is ready, or says in JSON why it is not', async () => {
    expect(await get('/readyz')).to.deep.equal({ status: 200, body: { status: 'ready' } })

    reason = 'no downstream node is up'
    expect(await get('/readyz')).to.deep.equal({ status: 503, body: { status: 'not ready', reason } })
  })

  it('shows status and metrics', async () => {
    expect(await get('/status')).to.deep.equal({ status: 200, body: { peers: 3 } })

    const response = await fetch(`${server.url}/metrics?x=1`)
    expect(response.headers.get('content-type')).to.equal('text/plain; version=0.0.4')
    expect(await response.text()).to.equal('a_total 1\n')
  })

  it('answers other paths with 404 and other methods with 405', async () => {
    for (const path of ['/', '/metricsx', '/READYZ', '//readyz', '/%72eadyz', '/__proto__', '/constructor']) {
      expect(await get(path)).to.have.property('status', 404)
    }

    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const response = await fetch(`${server.url}/readyz`, { method })

      expect(response.status).to.equal(405)
      expect(response.headers.get('allow')).to.equal('GET, HEAD')
    }

    const head = await fetch(`${server.url}/readyz`, { method: 'HEAD' })
    expect(head.status).to.equal(200)
    expect(await head.text()).to.equal('')
  })

  it('answers 500 without details when something breaks', async () => {
    const broken = await startAdminServer({ ...init, metrics: async () => Promise.reject(new Error('hunter2')) })

    try {
      const response = await fetch(`${broken.url}/metrics`)

      expect(response.status).to.equal(500)
      expect(await response.text()).to.not.include('hunter2')
    } finally {
      await broken.stop()
    }
  })

  it('names the address that it cannot listen on', async () => {
    const other = createServer()
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo

    await expect(startAdminServer({ ...init, port })).to.eventually.be.rejectedWith(`127.0.0.1:${port}`)
      .with.property('name', 'StartError')

    await new Promise(resolve => other.close(resolve))
  })

  it('stops even if a client keeps its connection', async () => {
    const { url } = server
    await fetch(`${url}/healthz`, { headers: { connection: 'keep-alive' } })
    await server.stop()

    await expect(fetch(`${url}/healthz`)).to.eventually.be.rejected()
  })

  async function get (path: string): Promise<{ status: number, body: unknown }> {
    const response = await fetch(`${server.url}${path}`)

    return { status: response.status, body: await response.json() }
  }
})
