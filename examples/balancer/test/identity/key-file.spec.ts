import { execFile, execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'aegir/chai'
import { loadOrCreateKey } from '../../src/identity/key-file.ts'
import { temporaryFolder } from '../support/folder.ts'

describe('key file', () => {
  const path = temporaryFolder()

  it('is created with an Ed25519 key and mode 0600, and no other file', async () => {
    const key = await loadOrCreateKey(path('key'))

    expect(key.type).to.equal('Ed25519')
    expect(statSync(path('key')).mode & 0o777).to.equal(0o600)
    expect(readdirSync(path())).to.deep.equal(['key'])
    expect(readFileSync(path('key'))).to.have.lengthOf(68)
  })

  it('gives the same identity each time', async () => {
    const first = await loadOrCreateKey(path('key'))
    const before = readFileSync(path('key'))
    const second = await loadOrCreateKey(path('key'))

    expect(second.equals(first)).to.be.true()
    expect(readFileSync(path('key'))).to.deep.equal(before)
  })

  it('reads the RSA key that go-libp2p-kitsune writes', async () => {
    writeFileSync(path('key'), goRSAKey(2048))
    const before = readFileSync(path('key'))

    const key = await loadOrCreateKey(path('key'))

    expect(key.type).to.equal('RSA')
    expect(peerIdFromPrivateKey(key).toString()).to.match(/^Qm/)
    expect(readFileSync(path('key'))).to.deep.equal(before)
  })

  it('reads an Ed25519 key exported by kubo', async () => {
    const key = await generateKeyPair('Ed25519')
    writeFileSync(path('key'), privateKeyToProtobuf(key))

    expect((await loadOrCreateKey(path('key'))).equals(key)).to.be.true()
  })

  describe('that is unusable is refused and left unchanged', () => {
    const flipped = async (offset: number): Promise<Uint8Array> => {
      const bytes = Uint8Array.from(privateKeyToProtobuf(await generateKeyPair('Ed25519')))
      bytes[offset] ^= 1

      return bytes
    }

    const cases: Array<[string, RegExp, () => Uint8Array | Promise<Uint8Array>]> = [
      ['an empty file', /it is empty/, () => new Uint8Array(0)],
      ['random bytes', /not a libp2p private key/, () => Uint8Array.from({ length: 68 }, (_, i) => i * 37)],
      ['a PEM file', /not a libp2p private key/, () => Buffer.from('-----BEGIN PRIVATE KEY-----\n')],
      ['JSON', /not a libp2p private key/, () => Buffer.from('{"id":"12D3KooW","privKey":"CAESQ"}')],
      ['a key cut short', /not a libp2p private key|do not match/, async () => privateKeyToProtobuf(await generateKeyPair('Ed25519')).subarray(0, 60)],
      ['a flipped bit in the private half', /do not match/, async () => flipped(10)],
      ['a flipped bit in the public half', /do not match/, async () => flipped(60)],
      // OpenSSL still signs with each of these
      ...[100, 400, 600, 700, 800, 900, 1100].map((offset): [string, RegExp, () => Uint8Array] =>
        [`a flipped bit in an RSA key, at ${offset}`, /do not match|not a libp2p private key/, () => {
          const bytes = goRSAKey(2048)
          bytes[offset] ^= 1

          return bytes
        }]),
      ['RSA of 1,024 bits', /1024 bits/, () => goRSAKey(1024)],
      ['secp256k1', /secp256k1/, async () => privateKeyToProtobuf(await generateKeyPair('secp256k1'))],
      ['a file that is far too large', /bytes/, () => new Uint8Array(100_000)]
    ]

    for (const [name, message, content] of cases) {
      it(name, async () => {
        writeFileSync(path('key'), await content())
        chmodSync(path('key'), 0o640)
        const before = readFileSync(path('key'))

        await expect(loadOrCreateKey(path('key'))).to.eventually.be.rejectedWith(message)
          .with.property('name', 'KeyFileError')
        expect(readFileSync(path('key'))).to.deep.equal(before)
        expect(readdirSync(path())).to.deep.equal(['key'])
      })
    }
  })

  it('cannot be a folder, a dangling link, or in a folder that does not exist', async () => {
    mkdirSync(path('folder'))
    symlinkSync(path('nowhere'), path('link'))

    for (const name of ['folder', 'link', 'none/key', 'none/folder/key']) {
      await expect(loadOrCreateKey(path(name))).to.eventually.be.rejected.with.property('name', 'KeyFileError')
    }

    expect(readdirSync(path()).sort()).to.deep.equal(['folder', 'link'])
  })

  describe('that is not a regular file is refused at once', () => {
    it('a FIFO', async () => {
      execFileSync('mkfifo', [path('fifo')])

      await expect(loadOrCreateKey(path('fifo'))).to.eventually.be.rejectedWith('it is not a regular file')
        .with.property('name', 'KeyFileError')
    })

    it('a device that never ends', async () => {
      await expect(loadOrCreateKey('/dev/zero')).to.eventually.be.rejectedWith('it is not a regular file')
    })
  })

  it('that other users can access is accepted with a warning', async () => {
    const warnings: string[] = []
    const log = { warn (message: string) { warnings.push(message) } }
    const key = await loadOrCreateKey(path('key'), log)
    expect(warnings).to.be.empty()

    for (const [mode, shown] of [[0o640, '0640'], [0o604, '0604']] as const) {
      chmodSync(path('key'), mode)
      expect((await loadOrCreateKey(path('key'), log)).equals(key)).to.be.true()
      expect(warnings.splice(0)).to.deep.equal([`other users can access the key file ${path('key')} (mode ${shown}): chmod 600 ${path('key')}`])
    }
  })

  it('is the same for concurrent creations in one process', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, async () => loadOrCreateKey(path('key'))))

    expect(new Set(keys.map(key => peerIdFromPrivateKey(key).toString()))).to.have.property('size', 1)
    expect(readdirSync(path())).to.deep.equal(['key'])
  })

  it('is the same for processes that create it concurrently', async function () {
    this.timeout(30_000)

    const script = `
      import { loadOrCreateKey } from ${JSON.stringify(new URL('../../src/identity/key-file.ts', import.meta.url).href)}
      console.log(Buffer.from((await loadOrCreateKey(process.argv[1])).raw).toString('hex'))
    `
    const outputs = await Promise.all(Array.from({ length: 4 }, async () => {
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, path('key')])

      return stdout
    }))

    expect(new Set(outputs)).to.have.property('size', 1)
  })
})

/** A key in go-libp2p's encoding: Type 0 (RSA) and PKCS#1 in Data. */
function goRSAKey (bits: number): Uint8Array {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  const der = privateKey.export({ type: 'pkcs1', format: 'der' })

  return Buffer.concat([Uint8Array.of(0x08, 0, 0x12, (der.byteLength & 0x7f) | 0x80, der.byteLength >> 7), der])
}
