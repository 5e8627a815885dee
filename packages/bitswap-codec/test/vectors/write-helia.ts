/**
 * Makes Helia's bitswap write messages, for src/vectors/helia.json. This is not a test: run it by
 * hand for a new version of Helia, with `node test/vectors/write-helia.ts`.
 *
 * The messages are those of Helia's want list, session and ledger, assembled in the same way
 * and encoded by Helia's own `splitMessage`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { sha256 } from 'multiformats/hashes/sha2'
import { hex } from './describe.ts'
import type { MessageDescription, Vector } from './describe.ts'

const entry = import.meta.resolve('@helia/bitswap')
const { version } = JSON.parse(await readFile(new URL('../../package.json', entry), 'utf8'))
const { QueuedBitswapMessage } = await import(new URL('./utils/bitswap-message.js', entry).href)
const { splitMessage } = await import(new URL('./utils/split-message.js', entry).href)
const { cidToPrefix } = await import(new URL('./utils/cid-prefix.js', entry).href)

const text = new TextEncoder()
const bytes = text.encode('helia')
const raw = CID.createV1(0x55, await sha256.digest(bytes))
const v0 = CID.createV0(await sha256.digest(bytes))
const inline = CID.createV1(0x55, identity.digest(bytes))
const others = await Promise.all([1, 2, 3].map(async i => CID.createV1(0x70, await sha256.digest(text.encode(`${i}`)))))

const vectors: Vector[] = []

function add (name: string, message: MessageDescription, build: (message: any) => void, full = false): void {
  const queued = new QueuedBitswapMessage(full)
  build(queued)

  for (const body of splitMessage(queued, 4_194_304)) {
    vectors.push({ name, origin: `@helia/bitswap ${version}`, protocol: '/ipfs/bitswap/1.2.0', hex: hex(body), message })
  }
}

function want (cid: CID, wantType: 'WantHave' | 'WantBlock', sendDontHave: boolean, cancel?: boolean): [CID, object] {
  return [cid, { cid: cid.bytes, priority: 1, wantType, cancel, sendDontHave }]
}

add('a session asks who has a block', {
  wants: [{ cid: raw.toString(), priority: 1, wantType: 'have', sendDontHave: true }]
}, message => { message.addWantlistEntry(...want(raw, 'WantHave', true)) })

add('a session asks for a block', {
  wants: [{ cid: v0.toString(), priority: 1, wantType: 'block', sendDontHave: true }]
}, message => { message.addWantlistEntry(...want(v0, 'WantBlock', true)) })

add('the whole wantlist when a peer connects', {
  wants: others.map(cid => ({ cid: cid.toString(), priority: 1, wantType: 'block' })),
  full: true
}, message => {
  for (const cid of others) {
    message.addWantlistEntry(...want(cid, 'WantBlock', false, false))
  }
}, true)

add('a block, a HAVE and a DONT_HAVE', {
  blocks: [{ prefix: '01551220', data: hex(bytes) }],
  presences: [{ cid: others[0].toString(), have: true }, { cid: others[1].toString(), have: false }]
}, message => {
  message.addBlock(raw, { data: bytes, prefix: cidToPrefix(raw) })
  message.addBlockPresence(others[0], { cid: others[0].bytes, type: 'HaveBlock' })
  message.addBlockPresence(others[1], { cid: others[1].bytes, type: 'DoNotHaveBlock' })
})

add('the block of a CIDv0', {
  blocks: [{ prefix: '00701220', data: hex(bytes) }]
}, message => { message.addBlock(v0, { data: bytes, prefix: cidToPrefix(v0) }) })

add('the block of an identity CID', {
  blocks: [{ prefix: '01550005', data: hex(bytes) }]
}, message => { message.addBlock(inline, { data: bytes, prefix: cidToPrefix(inline) }) })

add('a block of no bytes', {
  blocks: [{ prefix: '01551220', data: '' }]
}, message => { message.addBlock(raw, { data: new Uint8Array(0), prefix: cidToPrefix(raw) }) })

add('nothing', {}, () => {})

await writeFile(new URL('../../src/vectors/helia.json', import.meta.url), `${JSON.stringify(vectors, null, 2)}\n`)
process.stdout.write(`${vectors.length} vectors\n`)
