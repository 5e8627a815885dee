import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { testBlock } from '../engine/harness.ts'
import { block, cid, httpRig, raw } from './http-rig.ts'
import type { HttpRig } from './http-rig.ts'
import type { BlockHandlerOptions } from '../../src/http/index.ts'
import type { Policy, Verdict } from '../../src/index.ts'
import type { TestBlock } from '../engine/harness.ts'

/** A rig with a policy that gives each want the same verdict. */
async function refusing (verdict: Verdict, options = {}): Promise<HttpRig> {
  return httpRig(options, { admission: { policies: [{ name: 'same', admit: () => verdict }], failure: 'silent', timeout: 1000, most: 10 } })
}

const headersOf = ({ headers }: Response): Record<string, string> => Object.fromEntries(headers)

describe('block handler', () => {
  it('serves a block by the CID that the client wrote', async () => {
    const { request, endTick, deliver } = await httpRig()

    for (const name of [cid, CID.decode(block.v0)]) {
      const response = request(`/ipfs/${name}?format=raw`)
      await endTick()
      await deliver(block)
      const got = await response
      expect(got.status).to.equal(200)
      expect(headersOf(got)).to.deep.include({
        'accept-ranges': 'bytes',
        'access-control-allow-origin': '*',
        'cache-control': 'public, max-age=29030400, immutable',
        'content-disposition': `attachment; filename="${name}.bin"; filename*=UTF-8''${name}.bin`,
        'content-length': '2048',
        'content-type': 'application/vnd.ipld.raw',
        etag: `"${name}.raw"`,
        'x-content-type-options': 'nosniff',
        'x-ipfs-path': `/ipfs/${name}`,
        'x-ipfs-roots': `${name}`
      })
      expect(await got.bytes()).to.deep.equal(block.bytes)
    }
  })

  it('serves the accepted format, also at the path of RASL', async () => {
    const { request, endTick, deliver } = await httpRig()
    const responses = [
      request(`/ipfs/${cid}`, { headers: { accept: 'text/html, application/vnd.ipld.raw; q=0.5' } }),
      request(`/.well-known/rasl/${cid}`)
    ]
    await endTick()
    await deliver(block)
    const [accepted, rasl] = await Promise.all(responses)
    expect(headersOf(accepted)).to.include({ vary: 'Accept', 'content-location': raw })
    expect(headersOf(rasl)).not.to.have.any.keys('vary', 'content-location')
    expect([await accepted.bytes(), await rasl.bytes()]).to.deep.equal([block.bytes, block.bytes])
  })

  it('answers the probe, and blocks inside CIDs, while no member is up', async () => {
    const rig = await httpRig()
    const { request, asked } = rig
    rig.ready = false
    const probe = await request('/ipfs/bafkqaaa?format=raw')
    expect(probe.status).to.equal(200)
    expect(probe.headers.get('content-length')).to.equal('0')
    expect(await probe.bytes()).to.be.empty()
    expect((await request('/ipfs/bafkqaaa?format=raw', { method: 'HEAD' })).status).to.equal(200)
    expect((await request('/ipfs/bafkqabtimvwgy3yk?format=raw', { method: 'HEAD' })).headers.get('content-length')).to.equal('6')
    expect(await (await request('/ipfs/bafkqabtimvwgy3yk?format=raw')).text()).to.equal('hello\n')
    expect(asked).to.be.empty()
  })

  it('answers a HEAD with what a member says, without a length if the member gave none', async () => {
    const { request, endTick, answer, asked } = await httpRig()
    const there = request(raw, { method: 'HEAD' })
    const other = testBlock(2)
    const absent = request(`/ipfs/${CID.decode(other.cid)}?format=raw`, { method: 'HEAD' })
    await endTick()
    expect(asked.map(({ type }) => type)).to.deep.equal(['have', 'have'])
    await answer(block, 'have')
    await answer(other, 'dont-have')
    const response = await there
    expect(response.status).to.equal(200)
    expect(headersOf(response)).to.include({ etag: `"${cid}.raw"` }).and.not.to.have.property('content-length')
    expect((await absent).status).to.equal(404)
    expect(await (await absent).text()).to.equal('')
  })

  it('answers a HEAD by what a member said or sent before, without asking again', async () => {
    const { request, endTick, deliver, answer, sink, pass, asked } = await httpRig()

    const head = async (name: TestBlock): Promise<[number, string | null]> => {
      const { status, headers } = await request(`/ipfs/${CID.decode(name.cid)}?format=raw`, { method: 'HEAD' })

      return [status, headers.get('content-length')]
    }

    const [sent, said] = [testBlock(2), testBlock(3)]
    const before = [request(`/ipfs/${CID.decode(sent.cid)}?format=raw`), head(said)]
    await endTick()
    await deliver(sent)
    await answer(said, 'have', 777)
    await Promise.all(before)
    expect([await head(sent), await head(said)]).to.deep.equal([[200, '2048'], [200, '777']])
    expect(asked).to.have.lengthOf(2)
    sink.down(new Error('gone'))
    await endTick()
    sink.up()
    await endTick()
    const after = head(sent)
    await endTick()
    expect(asked, 'what a member said before it went down is not remembered').to.have.lengthOf(3)
    await answer(sent, 'have')
    expect(await after, 'but its length is').to.deep.equal([200, '2048'])
    await pass(60_000)
    void head(sent)
    await endTick()
    expect(asked, 'nor what it said a minute ago').to.have.lengthOf(4)
  })

  it('asks policies of each HEAD', async () => {
    let denied = false
    const admission = { policies: [{ name: 'one', admit: () => denied ? 'absent' : 'pass' } satisfies Policy], failure: 'silent', timeout: 1000, most: 10 } as const
    const { request, endTick, deliver } = await httpRig({}, { admission })
    void request(raw)
    await endTick()
    await deliver(block)
    denied = true
    const response = request(raw, { method: 'HEAD' })
    await endTick()
    expect((await response).status).to.equal(451)
  })

  it('says 404 with a message for blocks that no member has', async () => {
    const { request, endTick, answer } = await httpRig()
    const response = request(raw)
    await endTick()
    await answer(block, 'dont-have')
    const got = await response
    expect(got.status).to.equal(404)
    expect(headersOf(got)).to.include({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'access-control-allow-origin': '*' })
    expect(await got.text()).to.equal(`No member has ${cid}\n`)
  })

  it('says 503 at once while no member is up, and asks for nothing', async () => {
    const rig = await httpRig({ retryAfter: 3 })
    rig.ready = false

    for (const method of ['GET', 'HEAD']) {
      const response = await rig.request(raw, { method })
      expect(response.status).to.equal(503)
      expect(response.headers.get('retry-after')).to.equal('3')
    }

    expect(rig.asked).to.be.empty()
  })

  it('says 503 when no answer came in time, and cancels its want', async () => {
    const { request, endTick, pass, engine } = await httpRig({ headWithin: 500, getWithin: 2000 })
    const responses = [request(raw, { method: 'HEAD' }), request(raw)]
    const status: number[] = []
    responses.forEach(response => { response.then(({ status: s }) => { status.push(s) }, () => {}) })
    await endTick()
    await pass(450)
    expect(status).to.deep.equal([])
    await pass(100)
    expect(status).to.deep.equal([503])
    await pass(1500)
    expect(status).to.deep.equal([503, 503])
    expect(engine.status().wants).to.equal(0)
  })

  /** What a GET and a HEAD of boxo get if no member answers. */
  const unansweredOfBoxo = async (options?: BlockHandlerOptions): Promise<Response[]> => {
    const rig = await httpRig(options)
    const headers = { 'user-agent': 'kubo/0.43.0/' }
    const responses = ['GET', 'HEAD'].map(async method => rig.request(raw, { method, headers }))
    await rig.endTick()
    await rig.pass(4600)

    return Promise.all(responses)
  }

  it('says 404 to a HEAD of boxo without an answer in time: after a 503 boxo asks nothing any more; a GET breaks off, since boxo sends no second one after a 404', async () => {
    const [get, head] = await unansweredOfBoxo()

    expect([get.type, head.status, head.headers.get('cache-control')]).to.deep.equal(['error', 404, 'no-store'])
  })

  it('breaks a GET of boxo off after its headers if the server cannot do so before', async () => {
    const [get, head] = await unansweredOfBoxo({ breaksOff: false })

    expect([get.status, get.headers.get('cache-control'), head.status]).to.deep.equal([200, 'no-store', 404])
    await expect(get.arrayBuffer()).to.eventually.be.rejectedWith('No member has sent')
  })

  it('breaks off requests of boxo while no member is up, so that it tries again', async () => {
    const rig = await httpRig()
    rig.ready = false

    for (const method of ['GET', 'HEAD']) {
      expect((await rig.request(raw, { headers: { 'user-agent': 'kubo/0.43.0/' }, method })).type, method).to.equal('error')
    }

    expect(rig.asked).to.be.empty()
  })

  it('says 503 to boxo, too, if the server cannot break requests off', async () => {
    const rig = await httpRig({ breaksOff: false })
    rig.ready = false
    const { status, headers } = await rig.request(raw, { headers: { 'user-agent': 'kubo/0.43.0/' } })
    expect([status, headers.get('retry-after')]).to.deep.equal([503, '1'])
    expect((await rig.request('/ipfs/bafkqaaa?format=raw', { headers: { 'user-agent': 'kubo/0.43.0/' } })).status, 'the probe').to.equal(200)
  })

  it('sends a part of a block if a client asks for it', async () => {
    const { request, endTick, deliver } = await httpRig()
    const responses = ['bytes=10-19', 'bytes=-5', 'bytes=5000-'].map(async range => request(raw, { headers: { range } }))
    await endTick()
    await deliver(block)
    const [middle, end, beyond] = await Promise.all(responses)
    expect([middle.status, end.status, beyond.status]).to.deep.equal([206, 206, 416])
    expect(headersOf(middle)).to.include({ 'content-range': 'bytes 10-19/2048', 'content-length': '10' })
    expect(headersOf(beyond)).to.include({ 'content-range': 'bytes */2048' })
    expect(await middle.bytes()).to.deep.equal(block.bytes.subarray(10, 20))
    expect(await end.bytes()).to.deep.equal(block.bytes.subarray(-5))
  })

  it('sends no peer a block that is larger than peers accept, and other clients every block', async () => {
    for (const [size, agent, status] of [[2 << 20, 'kubo/0.43.0/', 200], [(2 << 20) + 1, 'kubo/0.43.0/', 410], [(2 << 20) + 1, 'curl/8', 200]] as const) {
      const { request, endTick, deliver } = await httpRig()
      const large = testBlock(1, size)
      const path = `/ipfs/${CID.decode(large.cid)}?format=raw`
      const headers = { 'user-agent': agent }
      const response = request(path, { headers })
      await endTick()
      await deliver(large)
      expect((await response).status, `${agent} ${size}`).to.equal(status)
      expect((await request(path, { headers, method: 'HEAD' })).status, `HEAD ${agent} ${size}`).to.equal(status)
    }
  })

  it('cancels the want of a request that is aborted', async () => {
    const { request, endTick, engine } = await httpRig()
    const controller = new AbortController()
    const response = request(raw, { signal: controller.signal })
    await endTick()
    expect(engine.status().wants).to.equal(1)
    controller.abort()
    await endTick()
    expect((await response).status).to.equal(499)
    expect(engine.status()).to.include({ wants: 0, clients: 0 })
  })

  it('says 451 or 410 for blocks that a policy denies, 429 if a policy is silent, and 503 if it cannot decide', async () => {
    for (const [verdict, status, options] of [['absent', 451, {}], ['absent', 410, { deniedStatus: 410 }], ['silent', 429, {}], ['close', 429, {}], ['unknown', 503, {}]] as const) {
      for (const method of ['GET', 'HEAD']) {
        const { request, endTick } = await refusing(verdict, options)
        const response = request(raw, { method })
        await endTick()
        const { headers, status: got } = await response
        expect(got, `${verdict} ${method}`).to.equal(status)
        expect(headers.get('retry-after'), `${verdict} ${method}`).to.equal(got === 429 || got === 503 ? '1' : null)
      }
    }
  })

  it('treats all requests of an address as those of one client', async () => {
    const { request, endTick, engine } = await httpRig({ trustedProxies: ['10.0.0.0/8'] })
    const from = (remoteAddress: string, forwarded?: string): unknown =>
      request(raw, { info: { remoteAddress }, headers: forwarded == null ? {} : { 'x-forwarded-for': forwarded } })
    from('203.0.113.5')
    from('203.0.113.5', '198.51.100.1')
    from('10.1.1.1', '203.0.113.5, 10.2.2.2')
    await endTick()
    expect(engine.status().clients).to.equal(1)
    from('203.0.113.6')
    await endTick()
    expect(engine.status().clients).to.equal(2)
  })

  it('answers OPTIONS, and refuses methods that would change something', async () => {
    const { request } = await httpRig()
    const options = await request(raw, { method: 'OPTIONS', headers: { origin: 'http://example.com' } })
    expect(options.status).to.equal(204)
    expect(headersOf(options)).to.include({ 'access-control-allow-origin': '*', 'access-control-allow-methods': 'GET, HEAD, OPTIONS' })
    const post = await request(raw, { method: 'POST' })
    expect(post.status).to.equal(405)
    expect(post.headers.get('allow')).to.equal('GET, HEAD, OPTIONS')
  })
})
