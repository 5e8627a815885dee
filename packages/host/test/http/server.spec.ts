import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { createTrustedProxies } from '@kitsune/want-router/http'
import { expect } from 'aegir/chai'
import { startHttpServer } from '../../src/http/index.ts'
import { CA, ask, connectHttp2, fixture } from '../support/http-client.ts'
import { until } from '../support/until.ts'
import type { HttpHandler, HttpServer, HttpServerInit } from '../../src/http/index.ts'
import type { Http2Client } from '../support/http-client.ts'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

const TLS = { cert: fixture('localhost.crt'), key: fixture('localhost.key') }
const KiB = 1 << 10

describe('an HTTP server', function () {
  this.timeout(20_000)

  const ends: Array<() => unknown> = []

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) {
      await end()
    }
  })

  async function start (handler: HttpHandler, init: Partial<HttpServerInit> = {}): Promise<HttpServer> {
    const server = await startHttpServer({ host: 'localhost', port: 0, handler, ...init })
    ends.push(async () => server.stop())

    return server
  }

  async function http2 (server: HttpServer, options = {}): Promise<Http2Client> {
    const client = await connectHttp2(server.url, options)
    ends.push(() => { client.close() })

    return client
  }

  /** A connection without a request. */
  async function socketTo (server: HttpServer, options = {}): Promise<Socket> {
    const { hostname, port } = new URL(server.url)
    const socket = connectSocket({ host: hostname, port: Number(port), ...options })
    socket.on('error', () => {})
    ends.push(() => { socket.destroy() })
    await new Promise(resolve => socket.once('connect', resolve))

    return socket
  }

  /** The same over TLS. */
  async function handshake (server: HttpServer, protocol = 'http/1.1'): Promise<TLSSocket> {
    const socket = connectTls({ socket: await socketTo(server), ca: CA, servername: 'localhost', ALPNProtocols: [protocol] })
    socket.on('error', () => {})
    await new Promise(resolve => socket.once('secureConnect', resolve))

    return socket
  }

  const describeRequest: HttpHandler = async (request, { remoteAddress }) => {
    const { pathname, search, protocol } = new URL(request.url)

    return Response.json({ method: request.method, path: `${pathname}${search}`, protocol, accept: request.headers.get('accept'), remoteAddress, body: await request.text() })
  }

  it('passes the request and the address of the client to the handler', async () => {
    const server = await start(describeRequest, { trustedProxies: createTrustedProxies(['127.0.0.0/8', '::1']) })
    const { status, headers, body } = await ask(`${server.url}/a%20b?c=d`, { headers: { accept: 'x/y', 'x-forwarded-for': '1.2.3.4' } })

    expect(status).to.equal(200)
    expect(headers).to.include({ 'content-type': 'application/json' })
    expect(JSON.parse(body.toString())).to.deep.equal({ method: 'GET', path: '/a%20b?c=d', protocol: 'http:', accept: 'x/y', remoteAddress: '1.2.3.4', body: '' })
  })

  it('speaks HTTP/2 and HTTP/1.1 on one port over TLS', async () => {
    const server = await start(describeRequest, { tls: TLS })
    const client = await http2(server)
    const one = await ask(`${server.url}/1`)
    const two = await client.ask('/2', { accept: 'x/y' })

    expect(JSON.parse(one.body.toString())).to.include({ path: '/1', protocol: 'https:' })
    expect(JSON.parse(two.body.toString())).to.include({ path: '/2', protocol: 'https:', accept: 'x/y' })
    expect(client.session.alpnProtocol).to.equal('h2')
  })

  it('refuses anything that is not a request for a path', async () => {
    const server = await start(describeRequest)

    for (const options of [{ path: 'http://other.example/' }, { method: 'TRACE' }, { method: 'OPTIONS', path: '*' }, { headers: { host: 'a b' } }]) {
      expect((await ask(server.url, options)).status, JSON.stringify(options)).to.equal(400)
    }

    // a path that looks like another host stays a path
    expect(JSON.parse((await ask(server.url, { path: '//other.example/x' })).body.toString())).to.include({ path: '//other.example/x' })
  })

  describe('that no handler answers', () => {
    /** The answer to raw bytes. */
    async function raw (server: HttpServer, text: string): Promise<string> {
      const { port, protocol } = new URL(server.url)
      const socket = protocol === 'https:' ? connectTls({ port: Number(port), host: 'localhost', ca: CA }) : connectSocket({ port: Number(port), host: 'localhost' })
      let answer = ''
      socket.on('error', () => {})
      socket.on('data', data => { answer += data.toString() })
      socket.write(text)
      await new Promise(resolve => socket.once('close', resolve))

      return answer.toLowerCase()
    }

    const CASES: ReadonlyArray<readonly [number, string]> = [
      [400, 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'],
      [400, 'NONSENSE\r\n\r\n'],
      [408, 'GET / HTTP/1.1\r\nHost:'],
      [417, 'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: the-unexpected\r\n\r\n'],
      [431, `GET /${'x'.repeat(20 * KiB)} HTTP/1.1\r\nHost: localhost\r\n\r\n`]
    ]

    for (const tls of [undefined, TLS]) {
      for (const [status, text] of CASES) {
        it(`lets pages read ${status} to ${JSON.stringify(text.slice(0, 16))}, ${tls == null ? 'in the clear' : 'over TLS'}`, async () => {
          const answer = await raw(await start(describeRequest, { tls, limits: { headersTimeout: 500 } }), text)

          expect(answer).to.match(new RegExp(`^http/1.1 ${status} `)).and.include('access-control-allow-origin: *')
        })
      }
    }

    it('cuts an answer of which a part was sent, instead of adding another answer', async () => {
      const server = await start(() => new Response(new ReadableStream({ start (controller) { controller.enqueue(new TextEncoder().encode('half')) } })))
      const socket = await socketTo(server)
      let answer = ''
      socket.on('data', data => {
        answer += data.toString()
        socket.write('NONSENSE\r\n\r\n')
      })
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await new Promise(resolve => socket.once('close', resolve))

      expect(answer).to.include('half').and.not.include(' 400 ')
    })
  })

  it('streams bodies both ways', async () => {
    const parts = ['a'.repeat(100 * KiB), 'b'.repeat(100 * KiB)]
    const server = await start(() => new Response(new ReadableStream({
      pull (controller) {
        const part = parts.shift()
        part == null ? controller.close() : controller.enqueue(new TextEncoder().encode(part))
      }
    })), { tls: TLS })

    expect((await (await http2(server)).ask('/')).body).to.have.lengthOf(200 * KiB)
  })

  it('breaks off an answer that fails, so that no client takes it for complete', async () => {
    const failing: HttpHandler = () => new Response(new ReadableStream({
      start (controller) { controller.enqueue(new TextEncoder().encode('half')) },
      pull () { throw new Error('the rest is missing') }
    }))
    const server = await start(failing, { tls: TLS })

    await expect(ask(server.url)).to.eventually.be.rejected()
    await expect((await http2(server)).ask('/')).to.eventually.be.rejected()
  })

  it('breaks off a request whose answer is an error of the network, without a status', async () => {
    const server = await start(() => Response.error(), { tls: TLS })
    const { session } = await http2(server)

    for (const method of ['GET', 'HEAD']) {
      await expect(ask(server.url, { method }), method).to.eventually.be.rejected()
      const stream = session.request({ ':path': '/', ':method': method })
      const responded = new Promise<boolean>(resolve => {
        stream.on('response', () => { resolve(true) })
        stream.on('error', () => { resolve(false) })
      })
      expect(await responded, `${method} over HTTP/2`).to.equal(false)
    }
  })

  it('tells a handler that the client has gone, and cancels the body', async () => {
    const aborted: string[] = []
    const server = await start(async request => {
      request.signal.addEventListener('abort', () => { aborted.push(new URL(request.url).pathname) })

      return new URL(request.url).pathname === '/waits'
        ? new Promise(() => {})
        : new Response(new ReadableStream({ pull (controller) { controller.enqueue(new Uint8Array(64 * KiB)) }, cancel () { aborted.push('body') } }))
    }, { tls: TLS })
    const client = await http2(server)
    const waits = client.session.request({ ':path': '/waits' })
    const reads = client.session.request({ ':path': '/reads' })
    reads.on('error', () => {})
    await new Promise(resolve => { reads.once('data', resolve) })
    waits.close(8)
    reads.close(8)

    await until(() => ['/waits', '/reads', 'body'].every(name => aborted.includes(name)))
    await until(() => server.status.unsent === 0)
  })

  it('does not tell a handler so when the answer is complete', async () => {
    let aborted = 0
    const server = await start(request => {
      request.signal.addEventListener('abort', () => { aborted++ })

      return new Response('whole')
    })

    await ask(server.url)
    await until(() => server.status.connections === 0)
    expect(aborted).to.equal(0)
  })

  describe('with a certificate that is renewed', () => {
    let folder: string

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'kitsune-http-'))
      install('localhost')
    })

    afterEach(() => {
      rmSync(folder, { recursive: true })
    })

    function install (name: string): void {
      copyFileSync(fixture(`${name}.crt`), join(folder, 'crt'))
      copyFileSync(fixture(`${name}.key`), join(folder, 'key'))
    }

    async function nameOf (server: HttpServer): Promise<string | undefined> {
      const { subject } = (await handshake(server)).getPeerCertificate()

      return [subject.CN].flat()[0]
    }

    it('uses the new one for new connections', async () => {
      const server = await start(describeRequest, { tls: { cert: join(folder, 'crt'), key: join(folder, 'key') } })
      const client = await http2(server)
      expect(await nameOf(server)).to.equal('localhost')

      install('renewed')
      await server.renewCertificate()
      expect(await nameOf(server)).to.equal('renewed')
      expect((await client.ask('/')).status).to.equal(200)
    })

    it('keeps the old one while the new one is incomplete, and says so', async () => {
      const warnings: string[] = []
      const server = await start(describeRequest, { tls: { cert: join(folder, 'crt'), key: join(folder, 'key') }, warn: message => { warnings.push(message) } })
      copyFileSync(fixture('renewed.crt'), join(folder, 'crt'))
      await server.renewCertificate()
      await server.renewCertificate()

      expect(await nameOf(server)).to.equal('localhost')
      expect(warnings).to.have.lengthOf(1).with.nested.property('[0]').that.includes('are not a certificate and its key')

      install('renewed')
      await server.renewCertificate()
      expect(await nameOf(server)).to.equal('renewed')
    })

    it('does not start without one', async () => {
      writeFileSync(join(folder, 'crt'), 'nonsense')

      for (const cert of ['crt', 'none']) {
        await expect(start(describeRequest, { tls: { cert: join(folder, cert), key: join(folder, 'key') } })).to.eventually.be.rejected.with.property('name', 'CertificateError')
      }
    })
  })

  describe('with clients that do not read', () => {
    const MiB = 1 << 20
    const block = new Uint8Array(MiB)

    it('breaks off their answers, and never holds more than the limit', async () => {
      const server = await start(() => new Response(block, { headers: { 'content-length': `${MiB}` } }), { tls: TLS, limits: { stallTimeout: 300, unsent: 4 * MiB } })
      const client = await http2(server)
      // the client reads from no stream, so the windows of HTTP/2 fill up
      const streams = Array.from({ length: 100 }, (_, i) => client.session.request({ ':path': `/${i}` }))
      streams.forEach(stream => { stream.on('error', () => {}) })
      let most = 0
      const timer = setInterval(() => { most = Math.max(most, server.status.unsent) }, 5)

      await until(() => streams.every(({ closed }) => closed))
      clearInterval(timer)
      expect(most).to.be.within(MiB, 10 * MiB)
      await until(() => server.status.unsent === 0)
    })

    it('answers another address at once', async () => {
      const server = await start(() => new Response(block, { headers: { 'content-length': `${MiB}` } }), { host: '127.0.0.1', tls: TLS, limits: { unsent: 4 * MiB } })
      const slow = await http2(server, { localAddress: '127.0.0.2' })
      const streams = Array.from({ length: 100 }, (_, i) => slow.session.request({ ':path': `/${i}` }))
      streams.forEach(stream => { stream.on('error', () => {}) })
      await until(() => server.status.unsent >= 2 * MiB)

      expect((await ask(server.url, { localAddress: '127.0.0.1' })).body).to.have.lengthOf(MiB)
    })

    it('answers another address even if they hold more than was reserved', async () => {
      const large = new Uint8Array(4 * MiB)
      const server = await start(() => new Response(large), { host: '127.0.0.1', tls: TLS, limits: { unsent: 4 * MiB } })
      const slow = await http2(server, { localAddress: '127.0.0.2' })
      const streams = Array.from({ length: 100 }, (_, i) => slow.session.request({ ':path': `/${i}` }))
      streams.forEach(stream => { stream.on('error', () => {}) })
      await until(() => server.status.unsent >= 4 * MiB)

      expect((await ask(server.url, { localAddress: '127.0.0.1' })).body).to.have.lengthOf(4 * MiB)
    })

    it('refuses an address of which too many requests wait', async () => {
      const server = await start(async () => new Promise(() => {}), { tls: TLS, limits: { unsent: 2 * MiB, waiting: 5 } })
      const client = await http2(server)
      const answers = Array.from({ length: 20 }, async (_, i) => client.ask(`/${i}`))
      const { status, headers } = await Promise.race(answers)

      expect(status).to.equal(503)
      expect(headers).to.include({ 'retry-after': '1', 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Retry-After' })
      answers.forEach(answer => { answer.catch(() => {}) })
    })
  })

  describe('with clients that send no requests', () => {
    const PART = 'GET / HTTP/1.1\r\nHost: x\r\n'

    const silent: ReadonlyArray<{ readonly what: string, readonly tls?: typeof TLS, open (server: HttpServer): Promise<Socket>, readonly sent?: string | Buffer }> = [
      { what: 'connect', open: socketTo },
      { what: 'send a part of a request', open: socketTo, sent: PART },
      { what: 'send nonsense', open: socketTo, sent: 'nonsense\r\n\r\n' },
      { what: 'connect to a port for TLS', tls: TLS, open: socketTo },
      { what: 'stop in a handshake', tls: TLS, open: socketTo, sent: Buffer.from([0x16, 3, 1, 2, 0, 1]) },
      { what: 'send nonsense instead of a handshake', tls: TLS, open: socketTo, sent: 'nonsense' },
      { what: 'shake hands for HTTP/1.1', tls: TLS, open: async server => handshake(server) },
      { what: 'send a part of a request over TLS', tls: TLS, open: async server => handshake(server), sent: PART },
      { what: 'shake hands for HTTP/2', tls: TLS, open: async server => handshake(server, 'h2') }
    ]

    silent.forEach(({ what, tls, open, sent }) => {
      it(`cuts off those that ${what}, and read nothing`, async () => {
        const server = await start(describeRequest, { tls, limits: { headersTimeout: 200, idleTimeout: 200 } })
        const socket = await open(server)
        socket.pause()
        await until(() => server.status.connections === 1)
        sent != null && socket.write(sent)
        await until(() => server.status.connections === 0)
      })
    })

    it('forgets those that leave within a handshake', async () => {
      const server = await start(describeRequest, { tls: TLS })
      const socket = await socketTo(server)
      await until(() => server.status.connections === 1)
      socket.destroy()
      await until(() => server.status.connections === 0)
    })

    it('closes a connection of the address with the most in favour of a newcomer', async () => {
      const server = await start(describeRequest, { host: '127.0.0.1', limits: { maxConnections: 20 } })
      const idle = await Promise.all(Array.from({ length: 20 }, async () => socketTo(server, { localAddress: '127.0.0.2' })))
      await until(() => server.status.connections === 20)

      expect((await ask(server.url)).status).to.equal(200)
      expect(server.status).to.include({ evicted: 1, refused: 0 })
      await until(() => idle.filter(socket => socket.destroyed || socket.readableEnded).length === 1)
    })

    it('gives one address no more places than the limit', async () => {
      const server = await start(describeRequest, { host: '127.0.0.1', limits: { connectionsPerAddress: 3 } })
      await Promise.all(Array.from({ length: 4 }, async () => socketTo(server, { localAddress: '127.0.0.2' })))

      await until(() => server.status.refused === 1)
      expect(server.status.connections).to.equal(3)
      expect((await ask(server.url)).status).to.equal(200)
    })
  })

  it('does not call the handler for requests that a client cancels at once', async () => {
    let begun = 0
    const server = await start(() => {
      begun++

      return new Response('')
    }, { tls: TLS })
    const attacker = await http2(server)

    for (let i = 0; i < 100; i++) {
      const stream = attacker.session.request({ ':path': '/' })
      stream.on('error', () => {})
      stream.close(8)
    }

    await new Promise(resolve => { attacker.session.ping(resolve) })
    expect(await attacker.ask('/')).to.include({ status: 200 })
    expect(begun).to.be.at.most(10)
  })

  it('keeps working while a client resets each stream at once', async () => {
    let begun = 0
    let aborted = 0
    const server = await start(async request => {
      begun++
      request.signal.addEventListener('abort', () => { aborted++ })

      return new URL(request.url).pathname === '/fast' ? new Response('') : new Promise((resolve, reject) => { request.signal.addEventListener('abort', reject) })
    }, { tls: TLS })
    const attacker = await http2(server)
    attacker.session.on('error', () => {})

    for (let i = 0; i < 5000 && !attacker.session.destroyed; i++) {
      const stream = attacker.session.request({ ':path': '/slow' })
      stream.on('error', () => {})
      stream.close(8)

      if (i % 50 === 0) {
        await new Promise(resolve => setImmediate(resolve))
      }
    }

    expect(await ask(`${server.url}/fast`)).to.include({ status: 200 })
    await until(() => server.status.unsent === 0)
    expect(aborted).to.equal(begun - 1)
  })
})
