import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { cid, httpRig } from './http-rig.ts'

/** Of the random inputs, which are the same in each run. */
const SEED = 20_261_127

/** Meaningful parts of paths and queries, so that odd requests are nearly valid. */
const piece = fc.oneof(
  fc.constantFrom('/', 'ipfs', '/ipfs/', `${cid}`, 'bafkqaaa', 'bafkqabtimvwgy3yk', '/.well-known/rasl/', '?', '&', 'format=raw', 'format=car', '=', '%', '%2f', '%00', '%ff', '%F0%9F%A6%8A', '..', ';', 'dag-scope=', 'entity', 'entity-bytes=', '-5:*', 'car-dups=y', 'filename='),
  fc.string({ unit: 'grapheme', maxLength: 8 }).map(text => encodeURI(text.toWellFormed()))
)
const start = fc.constantFrom('/', '/ipfs/', `/ipfs/${cid}`, `/ipfs/${cid}?format=raw`, `/ipfs/${cid}?format=car&`, '/ipfs/bafkqabtimvwgy3yk?format=raw&', '/ipfs/bafkqabtimvwgy3yk?format=car&')
const path = fc.tuple(start, fc.array(piece, { maxLength: 8 })).map(([start, pieces]) => `${start}${pieces.join('')}`)
const value = fc.oneof(
  fc.constantFrom('*', 'bytes=0-', 'bytes=-0', 'bytes=9007199254740993-', '"', 'W/"', `"${cid}.raw"`, 'application/vnd.ipld.car;;=;"', 'application/vnd.ipld.raw', 'application/vnd.ipld.car; order=', ',', ', ,'),
  fc.string({ unit: 'grapheme-ascii', maxLength: 20 })
)
const headers = fc.dictionary(fc.constantFrom('accept', 'range', 'if-range', 'if-none-match', 'user-agent', 'x-forwarded-for', 'origin'), value, { maxKeys: 4 })

describe('odd HTTP requests', function () {
  this.timeout(30_000)

  it('are each answered, and never with an internal error', async () => {
    const { request, endTick, pass, engine } = await httpRig({ trustedProxies: ['10.0.0.0/8'], getWithin: 100, headWithin: 100 })
    const seen = new Set<number>()

    await fc.assert(fc.asyncProperty(fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'DELETE'), path, headers, async (method, path, headers) => {
      const response = request(path, { method, headers, info: { remoteAddress: '10.0.0.1' } })
      await endTick()
      engine.status().wants > 0 && await pass(100)
      const { status, body } = await response
      seen.add(status)
      await body?.cancel()
      expect(status).to.be.oneOf([200, 204, 206, 304, 400, 404, 405, 406, 416, 422, 503])
    }), { numRuns: 3000, seed: SEED })

    expect([...seen]).to.include.members([200, 204, 400, 404, 405, 406, 503])
    await endTick()
    expect(engine.status()).to.include({ wants: 0, clients: 0 })
  })
})
