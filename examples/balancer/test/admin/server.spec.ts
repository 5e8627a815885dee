import { createServer, request } from 'node:http'
import { InvalidOptionError } from '@kitsune/want-router'
import { expect } from 'aegir/chai'
import { startAdminServer } from '../../src/admin/server.ts'
import type { AdminInit, AdminServer, AdminView } from '../../src/admin/server.ts'
import type { AddressInfo } from 'node:net'

describe('admin server', () => {
  let server: AdminServer
  let reason: string | undefined
  let full: boolean
  let problem: string | undefined
  let asked: Array<[string, boolean]>

  const view: AdminView = {
    notReady: () => reason,
    full: () => full,
    problem: () => problem,
    status: () => ({ peers: 3 }),
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', metrics: async () => 'a_total 1\n', getMetricsAsJSON: async () => [] }),
    setDraining (node, draining) {
      if (node === 'leaving') {
        throw new InvalidOptionError('it is being removed')
      }

      asked.push([node, draining])

      return node.includes('a') ? { id: node, draining } : undefined
    }
  }

  const init: AdminInit = { host: '127.0.0.1', port: 0, view }

  beforeEach(async () => {
    reason = undefined
    full = false
    problem = undefined
    asked = []
    server = await startAdminServer(init)
  })

  afterEach(async () => {
    await server.stop()
  })

  it('is ready in spite of a problem that affects no client', async () => {
    problem = 'Redis does not answer'

    expect(await get('/readyz')).to.deep.equal({ status: 200, body: { status: 'ready', problem } })
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
    expect(response.headers.get('content-type')).to.equal('text/plain; version=0.0.4; charset=utf-8')
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

  it('drains a node and resumes it, by its name or address', async () => {
    for (const [path, node, draining] of [
      ['/members/alpha/drain', 'alpha', true],
      ['/members/alpha/resume?x=1', 'alpha', false],
      ['/members/http%3A%2F%2Fa%3A5001/drain', 'http://a:5001', true],
      ['/members//ip4/10.0.0.1/tcp/5001/p2p/Qma/resume', '/ip4/10.0.0.1/tcp/5001/p2p/Qma', false]
    ] as const) {
      expect(await get(path, { method: 'POST' }), path).to.deep.equal({ status: 200, body: { id: node, draining } })
      expect(asked.at(-1)).to.deep.equal([node, draining])
    }
  })

  it('changes nothing if it cannot, or may not', async () => {
    expect(await get('/members/b/drain', { method: 'POST' })).to.have.property('status', 404)
    expect(await get('/members/leaving/drain', { method: 'POST' })).to.deep.equal({ status: 409, body: { error: 'it is being removed' } })
    expect(await get('/members/%/drain', { method: 'POST' })).to.have.property('status', 400)
    asked = []
    expect(await get('/members/alpha/drain')).to.have.property('status', 405)
    expect((await fetch(`${server.url}/members/alpha/drain`, { method: 'PUT' })).headers.get('allow')).to.equal('POST')
    expect(await get('/members/alpha/stop', { method: 'POST' })).to.have.property('status', 404)

    // a page that an operator opens, from another site or from a name that resolves to this address
    const pages: Array<Record<string, string>> = [{ origin: 'http://evil.example' }, { origin: 'null' }, { origin: server.url }, { 'sec-fetch-site': 'cross-site' }]

    for (const headers of pages) {
      expect(await post('/members/alpha/drain', headers)).to.equal(403)
    }

    expect(asked).to.be.empty()
  })

  it('answers 500 without details when something breaks', async () => {
    const broken = await startAdminServer({ ...init, view: { ...view, metrics: async () => Promise.reject(new Error('hunter2')) } })

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

  async function get (path: string, init?: RequestInit): Promise<{ status: number, body: unknown }> {
    const response = await fetch(`${server.url}${path}`, init)

    return { status: response.status, body: await response.json() }
  }

  /** Sends a request without `fetch`, which does not let a program set some headers. */
  async function post (path: string, headers: Record<string, string>): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      request(`${server.url}${path}`, { method: 'POST', headers }, response => {
        response.resume()
        resolve(response.statusCode)
      }).on('error', reject).end()
    })
  }
})
