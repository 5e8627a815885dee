import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peakEwma } from '@kitsune/want-router'
import { readRecordLine, recordLine, replay } from '@kitsune/want-router/recording'
import { expect } from 'aegir/chai'
import { ScenarioError } from '../../src/errors.ts'
import { parseScenario } from '../../src/scenario/parser.ts'
import { readRecording } from '../../src/scenario/recording.ts'
import { simulate } from '../../src/simulation.ts'
import { scenarioOf } from '../harness.ts'
import type { RunResult } from '../../src/metrics/result.ts'
import type { Member, StrategyFactory } from '@kitsune/want-router'

const slowFirst: StrategyFactory = () => {
  let members: readonly Member[] = []

  return {
    update (changed) { members = changed },
    rank: () => members.toReversed()
  }
}

describe('a recording as a scenario', () => {
  const strategy = { name: 'peak-ewma', factory: peakEwma() }
  let folder: string
  let path: string
  let lines: string[]
  let recorded: RunResult

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-recorded-'))
    path = join(folder, 'wants.ndjson')
    lines = []
    recorded = simulate({
      scenario: parseScenario(scenarioOf({
        copies: 3,
        members: [
          { id: 'node', count: 3, workers: 8, service: { kind: 'lognormal', median: 20, sigma: 0.3 } },
          { id: 'slow', weight: 2, labels: { zone: 'far' }, service: { kind: 'lognormal', median: 200, sigma: 0.3 } }
        ],
        clients: [{ id: 'peer', count: 5, arrivals: { kind: 'poisson', rate: 50 }, popularity: { kind: 'new' } }],
        sizes: { kind: 'uniform', from: 1000, to: 9000 }
      })),
      strategy,
      seed: 1,
      tap: record => { lines.push(recordLine(record)) }
    })
    await writeFile(path, `${lines.join('\n')}\n`)
  })

  after(async () => {
    await rm(folder, { recursive: true })
  })

  it('replays exactly under the strategy that was recorded', () => {
    const { records, divergence } = replay(lines.map(readRecordLine), { strategy: strategy.factory })
    expect(divergence).to.be.undefined()
    expect(records).to.equal(lines.length)
  })

  it('brings its members, its limits and its wants', async () => {
    const { scenario, recording } = await readRecording(path)
    expect(scenario.name).to.equal('wants.ndjson')
    expect(scenario.members.map(({ id, weight, labels }) => ({ id, weight, labels }))).to.deep.equal([
      { id: 'node-1', weight: 1, labels: {} },
      { id: 'node-2', weight: 1, labels: {} },
      { id: 'node-3', weight: 1, labels: {} },
      { id: 'slow', weight: 2, labels: { zone: 'far' } }
    ])
    expect(scenario.limits).to.include({ wantsPerClient: 1024 })
    expect([...recording.arrivals.keys()].sort()).to.deep.equal(['peer-1', 'peer-2', 'peer-3', 'peer-4', 'peer-5'])
    expect([...recording.arrivals.values()].flat()).to.have.length(recorded.totals.wants)
  })

  it('gives much the same figures under the same strategy, and the figures of another one', async () => {
    const found = await readRecording(path)
    const again = simulate({ ...found, strategy, seed: 2 })
    expect(again.totals.wants).to.equal(recorded.totals.wants)
    // a block that was wanted when the recording ended may exist or not
    expect(again.totals.served).to.be.closeTo(recorded.totals.wants, 10)
    expect(again.latency.p50).to.be.closeTo(recorded.latency.p50 ?? 0, 3)
    expect(again.members[3].share).to.be.closeTo(recorded.members[3].share, 0.02)

    const { latency } = simulate({ ...found, strategy: { name: 'slow first', factory: slowFirst }, seed: 2 })
    expect(latency.p50).to.be.greaterThan(150)
  })

  it('is refused with its name if it is not a recording', async () => {
    const refused = async (text: string): Promise<string> => {
      const other = join(folder, 'other.ndjson')
      await writeFile(other, text)
      const err = await readRecording(other).catch((err: Error) => err)
      expect(err).to.be.an.instanceOf(ScenarioError)

      return (err as Error).message
    }

    expect(await refused('hello\n')).to.match(/other\.ndjson: .*not a line of a recording: hello/)
    expect(await refused(`${lines[1]}\n`)).to.match(/does not begin with the start/)
    expect(await refused(`${lines[0]}\n${lines[0]}\n`)).to.match(/two engines/)
    expect(await refused(`${lines[0]}\n`)).to.match(/contains no wants/)
    await expect(readRecording(join(folder, 'missing.ndjson'))).to.eventually.be.rejectedWith(ScenarioError, 'ENOENT')
  })
})
