import { expect } from 'aegir/chai'
import { bytesResponse, startHttpServer } from '../../src/http/index.ts'
import type { HttpServer } from '../../src/http/index.ts'

describe('a response over bytes', () => {
  const bytes = new TextEncoder().encode('{"a":1}')
  const response = (): Response => bytesResponse(bytes, { status: 206, headers: { 'x-a': 'b' } })

  it('can be used as a Response', async () => {
    expect(response()).to.be.an.instanceOf(Response)
    expect(response().status).to.equal(206)
    expect(response().ok).to.be.true()
    expect(response().headers.get('x-a')).to.equal('b')
    expect(response().bodyUsed).to.be.false()
    expect(response().type).to.equal('default')
    expect(await response().json()).to.deep.equal({ a: 1 })
    expect(await response().text()).to.equal('{"a":1}')
    expect(await response().bytes()).to.deep.equal(bytes)
    expect(await response().clone().text()).to.equal('{"a":1}')

    const read: Uint8Array[] = []
    await response().body?.pipeTo(new WritableStream({ write (chunk: Uint8Array) { read.push(chunk) } }))
    expect(Buffer.concat(read)).to.deep.equal(Buffer.from(bytes))
  })

  it('has a body that is read once', async () => {
    const one = response()
    await one.text()

    expect(one.bodyUsed).to.be.true()
    await expect(one.text()).to.eventually.be.rejected()
  })

  describe('that a server sends', () => {
    let answer: () => Response
    let server: HttpServer

    before(async () => {
      server = await startHttpServer({ host: '127.0.0.1', port: 0, handler: () => answer() })
    })

    after(async () => {
      await server.stop()
    })

    it('arrives byte by byte, whether it is short or long', async () => {
      for (const length of [0, 1, 256, 4 << 10, (4 << 10) + 1, 1 << 20]) {
        // a part of a larger buffer, with each value of a byte
        const bytes = Uint8Array.from({ length: length + 7 }, (_, i) => i).subarray(7)
        answer = () => bytesResponse(bytes, { headers: { 'content-length': `${length}` } })
        expect(Buffer.compare(await (await fetch(server.url)).bytes(), bytes), `${length} bytes`).to.equal(0)
      }
    })

    it('has the given headers, in any form, and those that were added later', async () => {
      for (const headers of [{ 'x-a': 'b' }, new Headers({ 'x-a': 'b' }), [['x-a', 'b']] as Array<[string, string]>]) {
        answer = () => bytesResponse(bytes, { headers })
        expect((await fetch(server.url)).headers.get('x-a')).to.equal('b')

        answer = () => {
          const response = bytesResponse(bytes, { headers })
          response.headers.set('x-b', 'c')

          return response
        }

        const added = await fetch(server.url)
        expect([added.headers.get('x-a'), added.headers.get('x-b')]).to.deep.equal(['b', 'c'])
      }
    })
  })

  it('is 200 without headers by default', () => {
    expect(bytesResponse(bytes).status).to.equal(200)
    expect([...bytesResponse(bytes).headers]).to.deep.equal([])
  })
})
