import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'aegir/chai'
import { allNumbers, numbered } from './messages.ts'
import { createNetworkRig } from './network-rig.ts'

const MOST_BYTES = 1_024

describe('network: peers that are connected and say nothing', function () {
  this.timeout(60_000)

  it('cost less than a kilobyte each', async () => {
    // in its own process: V8 collects the garbage of other tests at any time
    const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, '--expose-gc', fileURLToPath(new URL('./idle-peers-memory.ts', import.meta.url))])

    expect(Number(stdout), 'bytes each').to.be.within(1, MOST_BYTES)
  })

  it('get messages as before, each time that there is one', async () => {
    const rig = await createNetworkRig()
    const connection = rig.host.connected(rig.ann)

    for (const i of [1, 2, 3]) {
      await rig.clock.advance(60_000)
      expect(rig.net.sizes.watched).to.equal(0)
      await rig.send(rig.ann, numbered(i))
      await rig.send(rig.ann, numbered(10 * i))
      expect(allNumbers(connection.last.left)).to.deep.equal([i, 10 * i])
    }

    // a greeting, and one each time
    expect(connection.streams).to.have.lengthOf(4)
    await rig.net.stop()
  })
})
