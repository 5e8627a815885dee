import { connect } from 'node:net'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'

/*
 * @libp2p/multistream-select 7: `handle` answers proposals in a loop without end.
 * A client that connects gets 16,000 answers for each 64 KiB without a handshake, until the upgrade times out.
 */
const node = await createLibp2p({ addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] }, transports: [tcp()], connectionEncrypters: [noise()] })
const [address] = node.getMultiaddrs()
const port = Number(address.getComponents().find(({ name }) => name === 'tcp')?.value)
const socket = connect(port, '127.0.0.1')
let bytes = 0
socket.on('data', data => { bytes += data.length })
socket.on('error', () => {})
socket.write('\x13/multistream/1.0.0\n')
socket.write('\x03na\n'.repeat(16_000))

const waits = (): boolean => bytes < 16_000 * 4
const end = performance.now() + 5_000

while (waits() && performance.now() < end && !socket.destroyed) {
  await new Promise(resolve => setTimeout(resolve, 10))
}

console.log(`${Math.floor(bytes / 4)} proposals of an unknown peer were answered`) // eslint-disable-line no-console
socket.destroy()
await node.stop()
process.exit(bytes >= 16_000 * 4 ? 0 : 1)
