import { createVerifier } from '@kitsune/want-router/engine'
import { expect } from 'aegir/chai'
import { selectHashers } from '../src/hashers.ts'

const EMPTY = new Uint8Array()

/** The digests of empty input, from the specifications. */
const DIGESTS: Record<string, string> = {
  sha1: 'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  'sha2-256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'dbl-sha2-256': '5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456',
  'sha3-256': 'a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a',
  'keccak-224': 'f71837502ba8e10837bdd8d365adb85591895602fc552b48b7390abd',
  'keccak-256': 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
  'keccak-384': '2c23146a63a29acf99e73b88f8c24eaa7dc60aa771780ccc006afbfa8fe2479b2dd2b21362337441ac12b515911957ff',
  'keccak-512': '0eab42de4c3ceb9235fc91acffe746b29c29a8c366b7c60e4e67c466f36a4304c00fa9caf9d87976ba469bcbe06713b435f091ef2769fb160cdab33d3670680e',
  'shake-256': '46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762fd75dc4ddd8c0f200cb05019d67b592f6fc821c49479ab48640292eacb3b7c4be',
  blake3: 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262e00f03e7b69af26b7faaf09fcd333050338ddfe085b8cc869ca98b206c08243a',
  'blake2b-256': '0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8',
  'blake2b-512': '786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce',
  'blake2s-256': '69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9'
}

/** Codes and longest digests of boxo's verifcid. */
function boxo (): Map<number, number> {
  const all = new Map([[0x00, 128], [0x11, 20], [0x12, 32], [0x13, 64], [0x14, 64], [0x15, 48], [0x16, 32], [0x17, 28], [0x19, 64], [0x1a, 28], [0x1b, 32], [0x1c, 48], [0x1d, 64], [0x1e, 128], [0x56, 32]])

  for (let length = 20; length <= 64; length++) {
    all.set(0xb200 + length, length)
  }

  for (let length = 20; length <= 32; length++) {
    all.set(0xb240 + length, length)
  }

  return all
}

describe('hash functions', () => {
  it('are all that boxo accepts, with every length', () => {
    const { hashes } = createVerifier(selectHashers('all'))
    expect(new Map(hashes.map(({ code, maxLength }) => [code, maxLength]))).to.deep.equal(boxo())
    expect(hashes.filter(({ code, minLength }) => minLength !== (code === 0 ? 0 : 20))).to.deep.equal([])
  })

  it('make the digests of their specifications', () => {
    const known = new Map(selectHashers('all').map(hasher => [hasher.name, hasher]))

    for (const [name, digest] of Object.entries(DIGESTS)) {
      expect(Buffer.from(known.get(name)?.encode(EMPTY) as Uint8Array).toString('hex').slice(0, digest.length), name).to.equal(digest)
    }
  })

  it('leave out slow ones for the option fast', () => {
    const fast = selectHashers('fast').map(({ name }) => name)
    expect(fast).to.include.members(['sha2-256', 'sha3-512', 'shake-256', 'blake3', 'blake2b-512'])
    expect(fast.filter(name => name.startsWith('keccak') || name === 'blake2b-256')).to.deep.equal([])
  })
})
