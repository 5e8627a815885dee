import { expect } from 'aegir/chai'
import { MemberRefsError } from '../../src/errors.ts'
import { leaf, node } from '../support/dag.ts'
import { ADDRESS, createRig, readAll, settle } from '../support/rig.ts'
import type { TestBlock } from '../support/dag.ts'
import type { Rig } from '../support/rig.ts'

describe('refs: the handler', () => {
  let a: TestBlock
  let dir: TestBlock
  let root: TestBlock
  let query: string

  before(async () => {
    a = await leaf('a')
    dir = await node(a)
    root = await node(dir)
    query = `r=true&arg=${root.cid}`
  })

  const rigWithPeer = (init?: Parameters<typeof createRig>[0]): Rig => {
    const rig = createRig(init)
    rig.connect('x')

    return rig
  }

  const admit = ({ gate }: Rig, { key, cid }: TestBlock): unknown => gate.policy.admit({ client: 'a', address: undefined, key, cid, type: 'block', review: false })

  /** Nothing is left of any request. */
  const expectClean = ({ gate, handler, registered, clock }: Rig): void => {
    expect({ ...gate.status(), ...handler.status(), registered, timers: clock.pending }).to.deep.equal({ open: 0, linkBytes: 0, running: 0, queued: 0, remote: 0, registered: [], timers: 0 })
  }

  it('forwards the lines of a member, and ends cleanly when the member does', async () => {
    const rig = rigWithPeer()
    const response = rig.post(query)
    await settle()
    expect(rig.registered).to.deep.equal(['x'])
    expect(admit(rig, root)).to.deep.equal({ only: ['x'] })
    const [call] = rig.calls
    call.line(String(dir.cid))
    call.line(String(a.cid))
    call.end()

    const { status, headers } = await response
    expect([status, headers.get('access-control-allow-origin'), headers.get('content-type')]).to.deep.equal([200, '*', 'application/json'])
    expect(await readAll(await response)).to.deep.equal({ refs: [String(dir.cid), String(a.cid)], error: undefined })
    expect(rig.ends).to.have.lengthOf(1)
    expect(rig.ends[0]).to.deep.include({ outcome: 'complete', address: ADDRESS, peers: ['x'], member: 'a', roots: [String(root.cid)] })
    expectClean(rig)
  })

  it('asks the next member until one has begun to answer', async () => {
    const rig = rigWithPeer()
    const response = rig.post(query)
    await settle()
    rig.calls[0].end(new MemberRefsError('no'))
    await settle()
    rig.calls[1].line('x')
    rig.calls[1].end()

    expect(rig.calls.map(({ member }) => member)).to.deep.equal(['a', 'b'])
    expect((await readAll(await response)).refs).to.deep.equal(['x'])
  })

  it('breaks the body off when a member fails later', async () => {
    const rig = rigWithPeer()
    const response = rig.post(query)
    await settle()
    rig.calls[0].line('x')
    const body = readAll(await response)
    rig.calls[0].end(new MemberRefsError('late'))

    expect(await body).to.have.nested.property('error.message', 'late')
    expect(rig.calls).to.have.lengthOf(1)
    expect(rig.ends[0]).to.deep.include({ outcome: 'failed', error: 'late' })
    expectClean(rig)
  })

  it('answers with an error when no member begins, and when none is up', async () => {
    const rig = rigWithPeer()
    const response = rig.post(query)
    await settle()
    rig.calls[0].end(new MemberRefsError('first'))
    await settle()
    rig.calls[1].end(new MemberRefsError('second'))

    expect((await response).status).to.equal(502)
    expect(await (await response).json()).to.have.property('Message', 'second')
    rig.order.splice(0)
    const { status, headers } = await rig.post(query)
    expect([status, headers.get('retry-after')]).to.deep.equal([503, '10'])
    expectClean(rig)
  })

  it('abandons a member that does nothing, and the request if there is no progress', async () => {
    const rig = rigWithPeer()
    const response = rig.post(query)
    await settle()
    rig.clock.pass(10_000)
    await settle()
    expect(rig.calls.map(({ member, signal }) => [member, signal.aborted])).to.deep.equal([['a', true], ['b', false]])
    rig.clock.pass(19_999)
    await settle()
    expect(rig.calls[1].signal.aborted).to.be.false()
    rig.clock.pass(1)

    expect((await response).status).to.equal(504)
    expectClean(rig)
  })

  it('asks a member last for half a minute if it did nothing and the next one did something', async () => {
    const rig = rigWithPeer()

    /** `a` does nothing; `b` does something if `served`. */
    const request = async (served: boolean): Promise<string[]> => {
      const before = rig.calls.length
      const response = rig.post(query)
      await settle()
      rig.clock.pass(10_000)
      await settle()

      if (served) {
        rig.gate.policy.verified?.(root)
      }

      rig.calls.at(-1)?.end(served ? undefined : new MemberRefsError('no'))
      await (await response).text()

      return rig.calls.slice(before).map(({ member }) => member)
    }

    // nothing is known of one that did nothing for a client that does nothing
    expect(await request(false)).to.deep.equal(['a', 'b'])
    expect(await request(true)).to.deep.equal(['a', 'b'])
    expect(await request(false)).to.deep.equal(['b', 'a'])
    rig.clock.pass(20_000)
    expect(await request(true)).to.deep.equal(['a', 'b'])
    expectClean(rig)
  })

  it('asks a member again that stops in the middle, and forwards only new lines', async () => {
    const rig = rigWithPeer()
    const response = rig.post(query)
    await settle()
    admit(rig, root)
    rig.calls[0].line('x')
    const body = readAll(await response)
    rig.clock.pass(20_000)
    await settle()
    rig.gate.policy.verified?.(root)
    rig.clock.pass(19_999)
    await settle()
    expect(rig.calls.map(({ signal }) => signal.aborted)).to.deep.equal([false])
    rig.clock.pass(1)
    await settle()
    expect(rig.calls.map(({ member, signal }) => [member, signal.aborted])).to.deep.equal([['a', true], ['a', false]])
    rig.calls[1].line('x')
    rig.calls[1].line('y')
    rig.calls[1].end()

    expect(await body).to.deep.equal({ refs: ['x', 'y'], error: undefined })
    expectClean(rig)
  })

  it('does not count repeated lines as progress', async () => {
    const rig = rigWithPeer()
    const response = rig.post(query)
    await settle()
    rig.calls[0].line('x')
    const body = readAll(await response)
    rig.clock.pass(20_000)
    await settle()
    rig.calls[1].line('x')
    await settle()
    rig.clock.pass(10_000)

    expect(await body).to.have.nested.property('error.name', 'NoProgressError')
    expectClean(rig)
  })

  it('counts each new block as progress', async () => {
    const rig = rigWithPeer({ members: ['a'] })
    const response = rig.post(query)
    await settle()

    for (const block of [root, dir, a]) {
      admit(rig, block)
      rig.clock.pass(29_000)
      rig.gate.policy.verified?.(block)
    }

    rig.clock.pass(29_000)
    await settle()
    rig.calls.at(-1)?.line('x')
    const body = readAll(await response)
    await settle()
    rig.clock.pass(30_000)

    expect(await body).to.have.nested.property('error.name', 'NoProgressError')
    expect(rig.ends[0]).to.deep.include({ blocks: 3, bytes: root.bytes.length + dir.bytes.length + 1, outcome: 'failed' })
  })

  it('waits a while for the client to connect, and then asks the member without it', async () => {
    const rig = createRig()
    const late = rig.post(query)
    await settle()
    expect(rig.calls).to.be.empty()
    rig.connect('y', '192.0.2.2')
    await settle()
    expect(rig.calls).to.be.empty()
    rig.connect('x')
    await settle()
    expect([rig.calls.length, rig.registered]).to.deep.equal([1, ['x']])
    rig.calls[0].end()
    await (await late).text()

    const without = rig.post(query, { address: '192.0.2.9' })
    await settle()
    rig.clock.pass(5000)
    await settle()
    expect([rig.calls.length, rig.registered]).to.deep.equal([2, []])
    rig.calls[1].end()
    await (await without).text()
    expectClean(rig)
  })

  it('finds the client by its name, or by what trusted proxies say', async () => {
    const rig = createRig()
    rig.connect('x', '203.0.113.1')
    rig.connect('y', '203.0.113.2')

    const asked = async (query: string, init?: Parameters<Rig['post']>[1]): Promise<readonly string[]> => {
      const response = rig.post(query, init)
      await settle()
      rig.clock.pass(5000)
      await settle()
      const registered = [...rig.registered]
      rig.calls.at(-1)?.end()
      await (await response).text()

      return registered
    }

    expect(await asked(`${query}&peer=x`)).to.deep.equal(['x'])
    expect(await asked(`${query}&peer=unknown`)).to.deep.equal([])
    expect(await asked(query, { address: '10.0.0.1', headers: { 'x-forwarded-for': '203.0.113.1, 203.0.113.2' } })).to.deep.equal(['y'])
    expect(await asked(query, { headers: { 'x-forwarded-for': '203.0.113.1' } })).to.deep.equal([])
  })

  it('shares one traversal, whichever reader leaves first', async () => {
    const rig = rigWithPeer()
    const leaving = new AbortController()
    const [first, second] = [rig.post(query, { signal: leaving.signal }), rig.post(`arg=/ipfs/${root.cid}&recursive=1`)]
    await settle()
    expect(rig.calls).to.have.lengthOf(1)
    rig.calls[0].line('x')
    await first
    leaving.abort()
    await settle()
    rig.calls[0].line('y')
    rig.calls[0].end()

    expect((await readAll(await second)).refs).to.deep.equal(['x', 'y'])
    expect(rig.ends.map(({ outcome }) => outcome)).to.deep.equal(['left', 'complete'])
    expectClean(rig)
  })

  it('asks another client when the first one leaves', async () => {
    const rig = createRig()
    rig.connect('x', '192.0.2.8')
    rig.connect('y', '192.0.2.9')
    const leaving = new AbortController()
    const first = rig.post(query, { signal: leaving.signal, address: '192.0.2.8' })
    await settle()
    rig.calls[0].line('1')
    await first
    expect(admit(rig, root)).to.deep.equal({ only: ['x'] })
    const second = rig.post(query, { address: '192.0.2.9' })
    await settle()
    expect(admit(rig, root)).to.deep.equal({ only: ['x', 'y'] })
    leaving.abort()
    await settle()
    expect(admit(rig, root)).to.deep.equal({ only: ['y'] })
    rig.calls[0].line('2')
    rig.calls[0].end()

    expect(rig.calls).to.have.lengthOf(1)
    expect(await readAll(await second)).to.deep.equal({ refs: ['1', '2'], error: undefined })
    expectClean(rig)
  })

  it('asks a client that connects later', async () => {
    const rig = rigWithPeer()
    const response = rig.post(query)
    await settle()
    rig.connect('z')
    expect([admit(rig, root), rig.registered]).to.deep.equal([{ only: ['x', 'z'] }, ['x', 'z']])
    rig.calls[0].end()
    await (await response).text()
    expectClean(rig)
  })

  it('leaves nothing of clients that leave, wherever they are', async () => {
    const rig = createRig({ limits: { runningPerClient: 2 } })
    const leaving = new AbortController()
    const { signal } = leaving
    const waiting = rig.post(query, { signal })
    rig.connect('y', '192.0.2.2')
    const asked = rig.post(`arg=${dir.cid}`, { signal, address: '192.0.2.2' })
    const begun = rig.post(`arg=${a.cid}`, { signal, address: '192.0.2.2' })
    const queued = rig.post(`arg=${a.cid}`, { signal, address: '192.0.2.2' })
    await settle()
    expect(rig.handler.status()).to.deep.equal({ running: 3, queued: 1, remote: 0 })
    rig.calls[1].line('x')
    await begun
    leaving.abort()
    await Promise.allSettled([waiting, asked, queued])
    await settle()

    expect(rig.calls.every(({ signal }) => signal.aborted)).to.be.true()
    expect(rig.ends.map(({ outcome }) => outcome)).to.deep.equal(Array(4).fill('left'))
    expectClean(rig)
  })

  it('breaks the body off when the signal of the request aborts, for those that can still read it', async () => {
    for (const reason of [undefined, 'a text']) {
      const rig = rigWithPeer()
      const ending = new AbortController()
      const response = rig.post(query, { signal: ending.signal })
      await settle()
      rig.calls[0].line('x')
      const body = readAll(await response)
      await settle()
      ending.abort(reason)

      expect(await body).to.have.property('error').that.is.an.instanceOf(Error)
      expectClean(rig)
    }
  })

  it('ends when the body is cancelled', async () => {
    const rig = rigWithPeer()
    const response = rig.post(query)
    await settle()
    rig.calls[0].line('x')
    await (await response).body?.cancel()
    await settle()

    expect(rig.calls[0].signal.aborted).to.be.true()
    expect(rig.ends[0].outcome).to.equal('left')
    expectClean(rig)
  })

  it('refuses a request if there is no memory, not even for its root', async () => {
    const rig = rigWithPeer({ limits: { linkMemory: 0 } })
    expect((await rig.post(query)).status).to.equal(413)
    expect(rig.calls).to.be.empty()
    expectClean(rig)
  })

  it('queues the burst of a client that adds three hundred files', async () => {
    const rig = rigWithPeer()
    const roots = await Promise.all(Array.from({ length: 300 }, async (_, i) => leaf(`file ${i}`)))
    const responses = roots.map(async ({ cid }) => rig.post(`r=true&arg=${cid}`))
    await settle()
    expect(rig.handler.status()).to.include({ running: 16, queued: 284 })

    for (let i = 0; i < roots.length; i++) {
      while (rig.calls.length <= i) {
        await settle()
      }

      rig.calls[i].end()
      await (await responses[i]).text()
    }

    expect((await Promise.all(responses)).map(({ status }) => status)).to.deep.equal(Array(300).fill(200))
    expectClean(rig)
  })

  it('queues, then refuses with a time to come back', async () => {
    const rig = rigWithPeer({ limits: { runningPerClient: 1, queuedPerClient: 1 } })
    const [first, second] = [rig.post(query), rig.post(query)]
    await settle()
    const { status, headers } = await rig.post(query)
    expect([status, headers.get('retry-after'), headers.get('access-control-expose-headers')]).to.deep.equal([429, '10', 'retry-after, x-chunked-output'])
    rig.calls[0].end()
    await (await first).text()
    await settle()
    rig.calls[1].end()
    await (await second).text()
    expectClean(rig)
  })

  it('limits the bytes that a client sends in an hour, and breaks off only requests that exceed that', async () => {
    const rig = createRig({ limits: { bytesPerClientAndHour: 700, runningPerClient: 1 } })
    rig.connect('x', '192.0.2.8')
    rig.connect('y', '192.0.2.9')
    const first = rig.post(query, { address: '192.0.2.8' })
    await settle()
    rig.gate.policy.verified?.(root)
    rig.gate.policy.verified?.(dir)
    rig.calls[0].line(String(dir.cid))
    const [broken, second] = [await first, rig.post(query, { address: '192.0.2.9' })]
    await settle()
    rig.gate.policy.verified?.(a)
    expect(await readAll(broken)).to.have.nested.property('error.name', 'TooManyRequestsError')
    const refused = await rig.post(query, { address: '192.0.2.8' })
    expect([refused.status, refused.headers.get('retry-after')]).to.deep.equal([429, '3600'])
    rig.calls[0].end()
    expect((await readAll(await second)).error).to.equal(undefined)
    rig.clock.pass(3_600_000)
    const later = rig.post(query, { address: '192.0.2.8' })
    await settle()
    rig.calls[1].end()
    expect((await later).status).to.equal(200)
    await (await later).text()
    expect(rig.ends.map(({ outcome }) => outcome)).to.deep.equal(['refused', 'refused', 'complete', 'complete'])
    expectClean(rig)
  })

  it('answers 429 if that limit, or the one of all clients together, is exceeded before the first line', async () => {
    const rig = rigWithPeer({ limits: { bytesPerHour: 100 } })
    rig.clock.pass(600_000)
    const response = rig.post(query)
    await settle()
    rig.gate.policy.verified?.(root)

    expect((await response).status).to.equal(429)
    const { status, headers } = await rig.post(query, { address: '192.0.2.9' })
    expect([status, headers.get('retry-after')]).to.deep.equal([429, '3000'])
    expectClean(rig)
  })

  it('counts a /64 of IPv6 as one client, since one client may have all of its addresses', async () => {
    const rig = rigWithPeer({ limits: { runningPerClient: 1, queuedPerClient: 1, clientWait: 0 } })
    const ending = new AbortController()
    const post = async (address: string): Promise<Response> => rig.post(query, { address, signal: ending.signal })
    const open = [post('2001:db8::1'), post('2001:db8::2'), post('2001:db8:0:1::1')]
    await settle()
    expect(rig.handler.status()).to.include({ running: 2, queued: 1 })
    expect((await post('2001:db8::3')).status).to.equal(429)
    ending.abort()
    await Promise.allSettled(open)
    expectClean(rig)
  })

  it('drains: open requests finish, and new ones are refused', async () => {
    const rig = rigWithPeer()
    const response = rig.post(query)
    await settle()
    let drained = false
    const draining = rig.handler.drain().then(() => { drained = true })
    expect((await rig.post(query)).status).to.equal(503)
    await settle()
    expect(drained).to.be.false()
    rig.calls[0].end()
    await (await response).text()
    await draining
    await rig.handler.drain()
  })

  it('drains no longer than until the signal aborts', async () => {
    const rig = rigWithPeer()
    const response = rig.post(query)
    await settle()
    const over = new AbortController()
    const draining = rig.handler.drain(over.signal)
    over.abort()
    await draining
    rig.calls[0].end()
    await (await response).text()
  })

  it('breaks off an answer of too many lines, such as that of a few blocks that link to one another often', async () => {
    const rig = rigWithPeer({ limits: { lines: 3 } })
    const response = rig.post(query)
    await settle()

    for (let i = 0; i < 4; i++) {
      rig.calls[0].line('x')
    }

    const { refs, error } = await readAll(await response)

    expect([refs.length, error?.name]).to.deep.equal([3, 'BudgetError'])
    expect(rig.calls[0].signal.aborted).to.be.true()
    expectClean(rig)
  })

  it('breaks off a reader that does not read, and the member is held up no longer than that', async () => {
    const rig = rigWithPeer({ limits: { unread: 100 } })
    const response = rig.post(query)
    await settle()

    for (let i = 0; i < 50; i++) {
      rig.calls[0].line(`line ${i}`)
    }

    const frozen = await response
    await settle()
    rig.clock.pass(30_000)
    await settle()

    expect(await readAll(frozen)).to.have.nested.property('error.name', 'NoProgressError')
    expectClean(rig)
  })

  it('refuses all other requests', async () => {
    const rig = createRig()
    const send = async (path: string, method: string): Promise<Response> => rig.handler(new Request(`http://x${path}`, { method }), { address: ADDRESS })
    const expected: Array<[string, string, number]> = [
      ['/api/v0/refs', 'POST', 400], ['/api/v0/refs?arg=x', 'POST', 400], ['/api/v0/refs', 'GET', 405], ['/api/v0/refs', 'PUT', 405], ['/api/v0/refs', 'HEAD', 405],
      ['/api/v0/refs/', 'POST', 404], ['//api/v0/refs', 'POST', 404], ['/api/v0/refs/local', 'POST', 404], ['/api/v0/%72efs', 'POST', 404], ['/API/v0/refs', 'POST', 404], ['/api/v0/id', 'POST', 404]
    ]

    for (const [path, method, status] of expected) {
      const response = await send(path, method)
      expect([response.status, response.headers.get('access-control-allow-origin')], `${method} ${path}`).to.deep.equal([status, '*'])
    }

    expect((await send('/api/v0/refs', 'GET')).headers.get('allow')).to.equal('POST, OPTIONS')
    expect(rig.calls).to.be.empty()
  })

  it('answers a preflight', async () => {
    const { status, headers } = await createRig().handler(new Request('http://x/api/v0/refs', { method: 'OPTIONS' }), { address: ADDRESS })

    expect([status, headers.get('access-control-allow-methods'), headers.get('access-control-allow-headers')]).to.deep.equal([204, 'POST, OPTIONS', '*'])
  })

  it('compresses if asked', async () => {
    const rig = rigWithPeer()
    const response = rig.post(query, { headers: { 'accept-encoding': 'br;q=1, gzip;q=0.5' } })
    await settle()
    rig.calls[0].line('x')
    rig.calls[0].end()
    const { headers, body } = await response

    expect(headers.get('content-encoding')).to.equal('gzip')
    expect(await new Response(body?.pipeThrough(new DecompressionStream('gzip'))).text()).to.equal('{"Ref":"x","Err":""}\n')
  })

  it('breaks off a compressed body as well', async () => {
    const rig = rigWithPeer()
    const response = rig.post(query, { headers: { 'accept-encoding': 'gzip' } })
    await settle()
    rig.calls[0].line('x')
    const body = new Response((await response).body?.pipeThrough(new DecompressionStream('gzip'))).text()
    rig.calls[0].end(new MemberRefsError('late'))

    await expect(body).to.eventually.be.rejected()
    expect(rig.ends[0]).to.deep.include({ outcome: 'failed', error: 'late' })
    expectClean(rig)
  })

  it('continues an interrupted preload: reads the blocks that the member has already', async () => {
    const rig = rigWithPeer()
    rig.held.set(String(root.cid), root.bytes)
    rig.held.set(String(dir.cid), dir.bytes)
    const response = rig.post(query)
    await settle()
    expect(admit(rig, dir)).to.deep.equal({ only: ['x'] })
    expect(admit(rig, a)).to.equal('defer')
    rig.calls[0].line(String(dir.cid))
    const verdict = rig.gate.policy.resolve?.([{ client: 'a', address: undefined, key: a.key, cid: a.cid, type: 'block', review: false }], new AbortController().signal)
    expect(await verdict).to.deep.equal([{ only: ['x'] }])
    rig.calls[0].end()
    await (await response).text()
    expectClean(rig)
  })
})
