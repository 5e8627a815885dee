import { expect } from 'aegir/chai'
import { writeCarSamples } from '../../src/car-samples.ts'
import { startEdgeServer } from '../../src/edge-server.ts'
import { needKubo, needRedis } from '../../src/needs.ts'
import { removeFolder, temporaryFolder } from '../../src/processes.ts'
import { startRedis } from '../../src/redis.ts'
import { stack } from '../../src/stack.ts'
import type { CarSample } from '../../src/car-samples.ts'
import type { EdgeServer } from '../../src/edge-server.ts'
import type { Redis } from '../../src/redis.ts'

/** Blocks an hour, for all clients together. The directory has more than half as many, and enough that the wants of a moment do not matter. */
const CAP = 400

describe('edge servers that share their quotas in Redis', function () {
  this.timeout(60_000)

  let binary: string
  let folder: string
  let directory: CarSample
  let redis: Redis
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'edge servers that share their quotas in Redis')
    redis = await startRedis(needRedis(this, 'edge servers that share their quotas in Redis'))
    folder = temporaryFolder('cars')
    const samples = await writeCarSamples(binary, folder, 1 << 20)
    directory = samples[1]
  })

  afterEach(async () => {
    await peers.stop()
  })

  after(async () => {
    await redis?.stop()
    removeFolder(folder)
  })

  async function start (): Promise<EdgeServer> {
    const edge = await startEdgeServer({ cars: folder, args: ['--redis', redis.url, '--quotas', JSON.stringify({ total: { blocksPerHour: CAP } })] })
    peers.onStop(async () => edge.stop())

    return edge
  }

  /** Pins the directory by its own client; false if it does not end in time, ms. */
  async function pins ({ tcp }: EdgeServer, within = 20_000): Promise<boolean> {
    const client = await peers.kubo()
    await client.connect(tcp)

    return client.pin(directory.root, { signal: AbortSignal.timeout(within) }).then(() => true, () => false)
  }

  it('serve together what one of them may', async () => {
    await redis.command('FLUSHALL')
    const [one, other] = [await start(), await start()]

    expect(await pins(one), 'of the first').to.equal(true)
    expect(await pins(other, 5_000), 'of the second').to.equal(false)
    expect(await redis.command('DBSIZE'), 'one counter').to.equal(':1')
  })

  it('go on each for itself while Redis is down, or hangs, and say so', async () => {
    await redis.command('FLUSHALL')
    const [one, other] = [await start(), await start()]
    await redis.kill()
    expect(await pins(one), 'while it is down').to.equal(true)
    expect(one.output.join('\n')).to.include('Redis')

    await redis.start()
    redis.suspend()

    try {
      expect(await pins(other), 'while it hangs').to.equal(true)
    } finally {
      redis.resume()
    }
  })
})
