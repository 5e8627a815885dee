import { expect } from 'aegir/chai'
import { bytesResponse } from '../../src/http/index.ts'

describe('a response over bytes', () => {
  const bytes = new TextEncoder().encode('{"a":1}')
  const response = (): Response => bytesResponse(bytes, { status: 206, headers: { 'x-a': 'b' } })

  it('is a Response to everything that takes one', async () => {
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

  it('is 200 without headers by default', () => {
    expect(bytesResponse(bytes).status).to.equal(200)
    expect([...bytesResponse(bytes).headers]).to.deep.equal([])
  })
})
