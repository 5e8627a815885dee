import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { expect } from 'aegir/chai'
import { ConfigError } from '../src/errors.ts'
import { parsePrivateKey } from '../src/identity.ts'

describe('parsePrivateKey', () => {
  for (const type of ['Ed25519', 'RSA'] as const) {
    it(`reads an ${type} key as kubo exports it, its base64, and PEER_ID_JSON`, async () => {
      const key = type === 'RSA' ? await generateKeyPair('RSA', 2048) : await generateKeyPair('Ed25519')
      const bytes = privateKeyToProtobuf(key)
      const base64 = Buffer.from(bytes).toString('base64')
      const json = JSON.stringify({ id: key.publicKey.toString(), privKey: base64, pubKey: 'unused' })

      for (const secret of [bytes, base64, base64.replaceAll('=', ''), `${base64}\n`, Buffer.from(base64), json, Buffer.from(json)]) {
        expect(parsePrivateKey(secret).equals(key)).to.equal(true)
      }
    })
  }

  it('refuses text that is not a key, and does not quote it', () => {
    for (const secret of ['', 'c2VjcmV0', '{"privKey":"c2VjcmV0"}', '{"secret":1}', '{secret', Uint8Array.of(8, 1, 2)]) {
      expect(() => parsePrivateKey(secret)).to.throw(ConfigError).with.property('message').that.does.not.match(/secret|c2Vjc/)
    }
  })

  it('refuses a key with the id of another key', async () => {
    const [key, other] = [await generateKeyPair('Ed25519'), await generateKeyPair('Ed25519')]
    const privKey = Buffer.from(privateKeyToProtobuf(key)).toString('base64')

    expect(() => parsePrivateKey(JSON.stringify({ id: other.publicKey.toString(), privKey }))).to.throw(ConfigError, other.publicKey.toString())
  })
})
