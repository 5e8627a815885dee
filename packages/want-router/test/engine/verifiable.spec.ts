import { wantKey } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench, TestBlock } from './harness.ts'

/** A raw CIDv1 with any hash function and any length of digest. */
function unknown (code: number[], length: number): TestBlock {
  const digest = new Uint8Array(length).fill(7)
  const varint = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7]
  const cid = Uint8Array.of(1, 0x55, ...code, ...varint, ...digest)

  return { cid, v0: cid, key: wantKey(cid) ?? '', bytes: new Uint8Array(100) }
}

const KECCAK_256 = [0x1b]
const SHA2_256 = [0x12]
const BLAKE2B_256 = [0xa0, 0xe4, 0x02]
const hashes = [{ code: 0x12, minLength: 20, maxLength: 32 }, { code: 0xb220, minLength: 20, maxLength: 32 }, { code: 0x1e, minLength: 20, maxLength: 128 }]

/** Everything that may make an engine ask again. */
function disturb (b: Bench): void {
  b.pass(100_000)
  b.engine.put({ t: 'down', member: 'a' })
  b.engine.put({ t: 'up', member: 'a' })
  b.flush()
  b.pass(100_000)
}

describe('engine: what cannot be verified', () => {
  for (const [what, block] of Object.entries({
    'a hash function that is not known': unknown(KECCAK_256, 32),
    'a digest longer than the hash function makes': unknown(SHA2_256, 33),
    'a digest of a few bytes': unknown(SHA2_256, 19),
    'a digest of 200 bytes': unknown([0x1e], 129)
  })) {
    for (const wantType of ['block', 'have'] as const) {
      it(`${what} gets DONT_HAVE, and no member is asked, as ${wantType}`, () => {
        const b = bench({ hashes })
        b.want('p', entry(block, { wantType }))
        expect(b.take('p').presences).to.deep.equal([{ cid: block.cid, have: false }])
        disturb(b)
        expect(b.asks).to.deep.equal([])
        expect(b.take('p')).to.deep.equal({ blocks: [], presences: [] })
        const { members, totals } = b.engine.status()
        expect(totals).to.include({ unverifiableWants: 1, dontHavesSent: 1 })
        expect(members.map(({ state, totals }) => [state, totals.failures, totals.unsolicited])).to.deep.equal([['up', 0, 0], ['up', 0, 0]])
      })
    }
  }

  it('sends no DONT_HAVE to a client that did not ask for it', () => {
    const b = bench({ hashes })
    b.want('p', entry(unknown(KECCAK_256, 32), { sendDontHave: false }))
    expect(b.take('p')).to.deep.equal({ blocks: [], presences: [] })
  })

  it('gets DONT_HAVE although other wants of the client waited for a place at a member that then went down', () => {
    const b = bench({ hashes, up: false })
    b.engine.put({ t: 'up', member: 'a', capacity: { wants: 0 } })
    b.want('p', ...Array.from({ length: 40 }, (_, i) => entry(testBlock(i))))
    b.engine.put({ t: 'down', member: 'a' })
    b.want('p', entry(unknown(KECCAK_256, 32)))
    expect(b.take('p').presences).to.deep.equal([{ cid: unknown(KECCAK_256, 32).cid, have: false }])
    expect(b.engine.status().active, 'no member is waited for').to.equal(0)
  })

  it('gets DONT_HAVE whichever client asks, also while no member is up, and its wants end as others do', () => {
    const b = bench({ hashes, up: false })
    const block = unknown(KECCAK_256, 32)

    for (const peer of ['p', 'q']) {
      b.want(peer, entry(block))
      expect(b.take(peer).presences).to.deep.equal([{ cid: block.cid, have: false }])
    }

    b.want('p', entry(block, { cancel: true }))
    b.engine.put({ t: 'gone', client: 'q' })
    b.flush()
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0, unsent: 0 })
  })

  it('depends on the digest lengths of each hash function, whatever the length of its code', () => {
    const b = bench({ hashes })

    for (const block of [unknown(BLAKE2B_256, 32), unknown([0x1e], 128), unknown(SHA2_256, 20)]) {
      b.want('p', entry(block))
      expect(b.askedFor(block)).to.have.length(1)
    }
  })

  it('does not exist if no hash functions are given', () => {
    const b = bench()
    const block = unknown(KECCAK_256, 32)
    b.want('p', entry(block))
    expect(b.askedFor(block)).to.deep.equal(['a'])
  })
})
