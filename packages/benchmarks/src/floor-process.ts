import { createCipheriv, createDecipheriv, createHash, createSecretKey } from 'node:crypto'
import { connect } from 'node:net'
import { FRAME, KEY, NONCE, TAG } from './floor-frame.ts'
import { print } from './print.ts'

// node floor-process.js <source port> <sink port>: only the work that no
// verifying proxy on Node can avoid. It reads noise frames from one socket,
// decrypts, hashes and encrypts each, and writes it to the other. There is no
// muxer, no message and no want.

const [source, sink] = process.argv.slice(2).map(port => connect(Number(port), '127.0.0.1'))
const key = createSecretKey(KEY)
const options = { authTagLength: TAG }

let rest: Buffer = Buffer.alloc(0)
let hash = createHash('sha256')
let hashed = 0

source.on('data', (chunk: Buffer) => {
  rest = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk])
  sink.cork()

  for (; rest.byteLength >= FRAME; rest = rest.subarray(FRAME)) {
    relay(rest.subarray(2, FRAME - TAG), rest.subarray(FRAME - TAG, FRAME))
  }

  sink.uncork()

  if (sink.writableNeedDrain) {
    source.pause()
  }
})
sink.on('drain', () => source.resume())
source.on('end', () => sink.end())
sink.on('connect', () => { print('{"ready":true}') })

function relay (encrypted: Buffer, tag: Buffer): void {
  const decipher = createDecipheriv('chacha20-poly1305', key, NONCE, options)
  decipher.setAuthTag(tag)
  const plain = decipher.update(encrypted)
  decipher.final()

  hash.update(plain)
  hashed += plain.byteLength

  if (hashed >= 256 * 1024) {
    hash.digest()
    hash = createHash('sha256')
    hashed = 0
  }

  const cipher = createCipheriv('chacha20-poly1305', key, NONCE, options)
  const again = cipher.update(plain)
  cipher.final()

  sink.write(lengthPrefix)
  sink.write(again)
  sink.write(cipher.getAuthTag())
}

const lengthPrefix = Buffer.alloc(2)
lengthPrefix.writeUInt16BE(FRAME - 2)
