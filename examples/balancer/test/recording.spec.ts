import { readFileSync, statSync } from 'node:fs'
import { parseStrategy } from '@kitsune/want-router'
import { readRecordLine, replay } from '@kitsune/want-router/recording'
import { expect } from 'aegir/chai'
import { startBalancer } from '../src/balancer.ts'
import { StartError } from '../src/errors.ts'
import { startRecording } from '../src/recording.ts'
import { connectClient, loopbackConfig, startNodes, until } from './support/demo.ts'
import { temporaryFolder } from './support/folder.ts'

describe('recording', function () {
  this.timeout(60_000)

  const path = temporaryFolder()
  const record = { at: 1, t: 'put', input: { t: 'gone', client: 'p' } } as const
  const lines = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1)

  it('of a working balancer replays to the same decisions', async () => {
    const nodes = await startNodes()
    const config = loopbackConfig(nodes.addresses, { key: path('key'), record: path('wants.ndjson'), strategy: 'least-loaded' })
    const balancer = await startBalancer(config)

    try {
      await until(() => balancer.router.ready)
      const client = await connectClient(balancer.addresses[0])

      for (const { cid, bytes } of nodes.dag.blocks) {
        expect(Buffer.compare(await client.get(cid), bytes)).to.equal(0)
      }

      await client.host.stop()
    } finally {
      await balancer.stop()
      await nodes.stop()
    }

    const records = lines(config.record ?? '').map(readRecordLine)
    const { divergence, engine } = replay(records, { strategy: parseStrategy(config.strategy) })

    expect(divergence).to.equal(undefined)
    expect(engine.status().totals.blocksSent).to.equal(nodes.dag.blocks.length)
    // it contains peer ids of clients
    expect(statSync(config.record ?? '').mode & 0o777).to.equal(0o600)
  })

  it('has every line until it ends, and reports why it ends', async () => {
    const complaints: string[] = []
    const recording = await startRecording(path('full'), { maxBytes: 200_000, log: { warn (line) { complaints.push(line) } } })

    for (let i = 0; i < 10_000; i++) {
      recording.tap({ ...record, at: i })
    }

    await recording.close()
    const written = lines(path('full'))
    expect(written.map(line => readRecordLine(line).at)).to.deep.equal(written.map((_, i) => i))
    expect(statSync(path('full')).size).to.be.within(199_000, 200_000)
    expect(complaints).to.deep.equal([`${path('full')}: the recording ends here: it has ${statSync(path('full')).size} bytes`])
  })

  it('is refused at the start if it cannot be written', async () => {
    const start = startRecording(path('no/such/folder'), { log: { warn () {} } })
    await expect(start).to.eventually.be.rejectedWith(StartError, /cannot record: .*--record/)
  })
})
