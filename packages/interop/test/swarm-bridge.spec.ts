import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'aegir/chai'
import { createDag } from '../src/dag.ts'
import { needKubo } from '../src/needs.ts'
import { startProcess, temporaryFolder } from '../src/processes.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import type { Dag } from '../src/dag.ts'
import type { Kubo } from '../src/kubo.ts'
import type { RunningProcess } from '../src/processes.ts'

const MiB = 1 << 20

/** All addresses that a kubo knows, and what its connected peers have told about themselves. */
async function knownTo (kubo: Kubo): Promise<string> {
  const read = async (command: string, args: string[] = []): Promise<string> => (await kubo.call(command, args)).text()
  const connected = await kubo.peers()
  const told = await Promise.all(connected.map(async peer => read('id', [peer])))

  return [await read('swarm/addrs'), await read('swarm/peers', []), ...told].join('\n')
}

const portsOf = (addresses: readonly string[]): string[] => addresses.flatMap(address => /\/tcp\/(\d+)/.exec(address)?.[1] ?? [])

describe('a kubo of a private swarm behind the example swarm-bridge', function () {
  this.timeout(120_000)

  let binary: string
  let dag: Dag
  let bridge: RunningProcess
  let address: string
  let outside: Kubo
  let inside: Kubo
  let swarmKey: Uint8Array
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'bridges a private swarm')
    dag = await createDag(binary, { size: 4 * MiB, blockSize: 256 << 10, seed: 'public' })
  })

  beforeEach(async () => {
    swarmKey = Buffer.from(`/key/swarm/psk/1.0.0/\n/base16/\n${randomBytes(32).toString('hex')}\n`)
    outside = await peers.kubo({ dag })
    inside = await peers.kubo({ swarmKey })
    const file = join(temporaryFolder('bridge'), 'swarm.key')
    writeFileSync(file, swarmKey)
    bridge = startProcess(process.execPath, [
      fileURLToPath(new URL('./main.js', import.meta.resolve('kitsune-swarm-bridge'))),
      '--swarm-key', file, '--listen', '/ip4/127.0.0.1/tcp/0', '--node', outside.tcp
    ])
    address = (await bridge.line(line => line.startsWith('listening on '))).slice('listening on '.length)
    await inside.connect(address)
  })

  afterEach(async () => {
    await bridge.stop()
    await peers.stop()
  })

  it('pins what a public kubo holds', async () => {
    await inside.pin(dag.root, { signal: AbortSignal.timeout(60_000) })
    expect(await inside.cat(dag.root)).to.deep.equal({ sha256: dag.sha256, length: dag.size })
  })

  it('serves nothing to a public kubo', async () => {
    const secret = await inside.putBlock(randomBytes(1000))
    const unknown = await outside.getBlock(secret, { signal: AbortSignal.timeout(4_000) }).then(() => 'found', () => 'not found')
    expect(unknown).to.equal('not found')
    // the bridge, which is connected to both, was asked for it
    const [toBridge] = await outside.peers()
    expect(toBridge).to.be.a('string')
    expect(await inside.wantsOf(address.replace(/.*\/p2p\//, ''))).to.be.empty()
    // the bridge still serves
    await inside.pin(dag.root, { signal: AbortSignal.timeout(60_000) })
  })

  it('neither side learns the other\'s addresses', async () => {
    await inside.pin(dag.root, { signal: AbortSignal.timeout(60_000) })
    const [below] = await outside.peers()
    const [above] = await inside.peers()
    const upstreamAddresses = [address, inside.tcp, inside.ws]
    const downstreamAddresses = [outside.tcp, outside.ws]

    // identify has come from the bridge to both
    await poll(async () => (await knownTo(outside)).includes('bitswap') && (await knownTo(inside)).includes('bitswap'), 'both know the bridge', { timeout: 20_000 })
    const [outsideKnows, insideKnows] = [await knownTo(outside), await knownTo(inside)]
    expect(outsideKnows).to.include(below)
    expect(insideKnows).to.include(above)
    expect(below).to.not.equal(above)

    for (const hidden of [above, inside.peerId, ...portsOf(upstreamAddresses)]) {
      expect(outsideKnows, 'the public side').to.not.include(hidden)
    }

    for (const hidden of [below, outside.peerId, ...portsOf(downstreamAddresses)]) {
      expect(insideKnows, 'the private side').to.not.include(hidden)
    }
  })

  it('does not admit peers without the key to the swarm', async () => {
    const stranger = await peers.kubo()
    await expect(stranger.connect(address, { peering: false, signal: AbortSignal.timeout(10_000) })).to.eventually.be.rejected()
  })
})
