import { once } from 'node:events'
import { createAdaptorServer } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { expect } from 'aegir/chai'
import { Hono } from 'hono'
import { MemberRefsError } from '../../src/errors.ts'
import { leaf, node } from '../support/dag.ts'
import { createRig, settle } from '../support/rig.ts'
import type { Rig } from '../support/rig.ts'
import type { ServerType } from '@hono/node-server'
import type { AddressInfo } from 'node:net'

describe('refs in an application of hono', function () {
  this.timeout(20_000)

  let rig: Rig
  let app: Hono
  let server: ServerType
  let url: string
  let query: string

  beforeEach(async () => {
    rig = createRig()
    rig.connect('x', '127.0.0.1')
    app = new Hono()
    app.all('/api/v0/refs', async c => rig.handler(c.req.raw, { address: getConnInfo(c).remote.address ?? '' }))
    app.get('/other', c => c.text('other'))
    server = createAdaptorServer(app)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    query = `r=true&arg=${(await node(await leaf('a'))).cid}`
  })

  afterEach(async () => {
    server.close()
    await once(server, 'close')
  })

  const post = async (signal?: AbortSignal): Promise<Response> => fetch(`${url}/api/v0/refs?${query}`, { method: 'POST', signal, headers: { connection: 'close' } })

  const untilAsked = async (): Promise<void> => {
    while (rig.calls.length === 0) {
      await settle()
    }
  }

  it('are answered line by line, from the client at that address', async () => {
    const response = post()
    await untilAsked()
    expect(rig.registered).to.deep.equal(['x'])
    rig.calls[0].line('1')
    const { status, headers, body } = await response
    expect([status, headers.get('access-control-allow-origin')]).to.deep.equal([200, '*'])
    const reader = (body as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader.read()).value).to.equal('{"Ref":"1","Err":""}\n')
    rig.calls[0].line('2')
    expect((await reader.read()).value).to.equal('{"Ref":"2","Err":""}\n')
    rig.calls[0].end()
    expect((await reader.read()).done).to.equal(true)
  })

  it('break off when an error comes late', async () => {
    const response = post()
    await untilAsked()
    rig.calls[0].line('1')
    const { body } = await response
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    rig.calls[0].end(new MemberRefsError('the member lacks a block'))
    let error: unknown
    await reader.read().catch(err => { error = err })

    expect(error).to.be.an('error')
  })

  it('end at the member when the client leaves', async () => {
    const leaving = new AbortController()
    const response = post(leaving.signal)
    await untilAsked()
    rig.calls[0].line('1')
    await response
    leaving.abort()

    while (!rig.calls[0].signal.aborted) {
      await settle()
    }

    expect(rig.registered).to.be.empty()
  })

  it('leave other routes and methods alone, and are refused like everywhere', async () => {
    const statuses = await Promise.all([
      fetch(`${url}/other`), fetch(`${url}/api/v0/refs`, { method: 'OPTIONS' }), fetch(`${url}/api/v0/refs?arg=x`, { method: 'POST' }), fetch(`${url}/api/v0/refs`)
    ].map(async response => (await response).status))

    expect(statuses).to.deep.equal([200, 204, 400, 405])
  })
})
