import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from 'aegir/chai'
import { MemberRefsError } from '../../src/errors.ts'
import { refsServer } from '../../src/node/server.ts'
import { leaf, node } from '../support/dag.ts'
import { createRig, settle } from '../support/rig.ts'
import type { Rig } from '../support/rig.ts'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

describe('the server of refs', function () {
  this.timeout(20_000)

  let rig: Rig
  let server: Server
  let url: string
  let query: string

  beforeEach(async () => {
    rig = createRig()
    rig.connect('x', '127.0.0.1')
    server = refsServer(rig.handler)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    query = `r=true&arg=${(await node(await leaf('a'))).cid}`
  })

  afterEach(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })

  /** The answer to raw bytes. */
  const raw = async (text: string): Promise<string> => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    let answer = ''
    socket.on('data', data => { answer += data.toString() })
    socket.on('error', () => {})
    socket.write(text)
    await once(socket, 'close')

    return answer
  }

  const untilAsked = async (calls = 1): Promise<void> => {
    while (rig.calls.length < calls) {
      await settle()
    }
  }

  it('streams what the handler answers', async () => {
    const response = fetch(`${url}/api/v0/refs?${query}`, { method: 'POST' })
    await untilAsked()
    rig.calls[0].line('1')
    const { status, body, headers } = await response
    const reader = (body as ReadableStream<Uint8Array>).getReader()

    expect([status, headers.get('access-control-allow-origin')]).to.deep.equal([200, '*'])
    expect(new TextDecoder().decode((await reader.read()).value)).to.equal('{"Ref":"1","Err":""}\n')
    rig.calls[0].end()
    expect((await reader.read()).done).to.be.true()
  })

  it('breaks the body off, so that the client\'s read fails', async () => {
    const response = fetch(`${url}/api/v0/refs?${query}`, { method: 'POST' })
    await untilAsked()
    rig.calls[0].line('1')
    const { status } = await response
    const text = (await response).text()
    rig.calls[0].end(new MemberRefsError('late'))

    expect(status).to.equal(200)
    await expect(text).to.eventually.be.rejected()
  })

  it('aborts the request when the client leaves', async () => {
    const leaving = new AbortController()
    const response = fetch(`${url}/api/v0/refs?${query}`, { method: 'POST', signal: leaving.signal })
    await untilAsked()
    leaving.abort()
    await expect(response).to.eventually.be.rejected()

    while (rig.ends.length === 0) {
      await settle()
    }

    expect([rig.calls[0].signal.aborted, rig.registered, rig.ends[0].outcome]).to.deep.equal([true, [], 'left'])
  })

  it('forwards only the query of a request', async () => {
    const response = fetch(`${url}/api/v0/refs?${query}`, { method: 'POST', headers: { origin: 'https://app.example', referer: 'https://app.example/', 'user-agent': 'Mozilla', authorization: 'Basic eA==' }, body: 'arg=evil' })
    await untilAsked()
    expect(rig.calls[0].query.roots).to.have.lengthOf(1)
    rig.calls[0].end()
    expect((await response).status).to.equal(200)
  })

  const REFUSALS: ReadonlyArray<readonly [number, string, string]> = [
    [431, 'a query that is too long', `POST /api/v0/refs?arg=${'x'.repeat(20_480)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    [400, 'a malformed request', 'GARBAGE\r\n\r\n'],
    [404, 'a target of another kind', 'POST http://[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    [413, 'a body that is too long', 'POST /api/v0/refs HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n'],
    [417, 'an expectation', 'POST /api/v0/refs HTTP/1.1\r\nHost: x\r\nExpect: the-unexpected\r\n\r\n'],
    [400, 'a query without an arg, and no Host', 'POST /api/v0/refs HTTP/1.1\r\nConnection: close\r\n\r\n'],
    [405, 'TRACE', 'TRACE /api/v0/refs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    [404, 'a target that is not a path', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n']
  ]

  for (const [status, what, text] of REFUSALS) {
    it(`lets a browser read ${status}, for ${what}`, async () => {
      const answer = await raw(text)

      expect(answer).to.match(new RegExp(`^HTTP/1.1 ${status} `))
      expect(answer.toLowerCase()).to.include('access-control-allow-origin: *')
    })
  }

  it('lets a browser read 413, for a body that turns out to be too long, and aborts the request', async () => {
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    const answer = raw(`POST /api/v0/refs?${query} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(17)}`)

    expect((await answer).toLowerCase()).to.match(/^http\/1.1 413 /).and.include('access-control-allow-origin: *')

    while (rig.ends.length === 0) {
      await settle()
    }

    expect([rig.ends[0].outcome, rig.registered]).to.deep.equal(['left', []])
  })

  it('answers 404 to each other path, and 405 to each other method, and asks no member', async () => {
    const words = ['refs/local', 'id', 'add', 'block/get', 'pin/rm', 'config', 'shutdown', 'key/export', 'diag/profile', 'repo/gc']
    const spellings = (path: string): string[] => [
      path, `/${path}`, `${path}/`, path.toUpperCase(), path.replace('api', '%61pi'), path.replaceAll('/', '//'), path.replaceAll('/', '%2f'), path.replaceAll('/', '\\'),
      `/.${path}/.`, `/x/..${path}x`, path.replace('/v0', '/v0/.'), `/ipfs${path}`, `/webui${path}`, `/api/v0/refs/..${path}`, `${path};refs`, `${path}%00`, `http://127.0.0.1:5001${path}`, `/api/v0/refs${path}`
    ]
    const paths = [...words.flatMap(word => spellings(`/api/v0/${word}`)), ...spellings('/api/v0/refs').filter(path => path !== '/api/v0/refs' && path !== '/api/v0/refs/..' && !path.endsWith('/./refs'))]
    expect(paths.length).to.be.at.least(190)

    for (const path of paths) {
      expect(await raw(`POST ${path}?${query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`), path).to.match(/^HTTP\/1.1 40[04] /)
    }

    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'TRACE']) {
      expect(await raw(`${method} /api/v0/refs?${query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`), method).to.match(/^HTTP\/1.1 405 /)
    }

    expect(rig.calls).to.be.empty()
  })

  it('lets a browser read 408, for a request that is too slow', async () => {
    server.headersTimeout = 50
    server.requestTimeout = 50

    expect((await raw('POST /api/v0/refs HTTP/1.1\r\nHost:')).toLowerCase()).to.match(/^http\/1.1 408 /).and.include('access-control-allow-origin: *')
  })

  it('answers a preflight within 50 ms while members hang', async () => {
    const hung = fetch(`${url}/api/v0/refs?${query}`, { method: 'POST' })
    await untilAsked()
    const times: number[] = []

    // the machine may be busy, but not always
    for (let i = 0; i < 20; i++) {
      const start = performance.now()
      const { status, headers } = await fetch(`${url}/api/v0/refs`, { method: 'OPTIONS', headers: { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' } })
      times.push(performance.now() - start)
      expect([status, headers.get('access-control-allow-origin')]).to.deep.equal([204, '*'])
    }

    expect(Math.min(...times)).to.be.lessThan(50)
    rig.calls[0].end()
    await (await hung).text()
  })
})
