/* eslint-disable no-console */
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { base64pad } from 'multiformats/bases/base64'
import { startLocalWorker } from './local-worker.ts'

const [cars] = process.argv.slice(2)

if (cars == null) {
  console.error('name a folder of CAR files: npm start -w kitsune-edge -- ./cars')
  process.exit(2)
}

const identity = base64pad.baseEncode(privateKeyToProtobuf(await generateKeyPair('Ed25519')))
const worker = await startLocalWorker({ cars, identity })

console.log(`The Worker runs at ${worker.url}, with a new identity. Type into kubo:

  ipfs swarm peering add ${worker.address}
  ipfs get <cid>

Press Ctrl-C to stop.`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => { void worker.stop() })
}
