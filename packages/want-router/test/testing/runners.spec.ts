import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'aegir/chai'
import { roundRobin } from '../../src/strategies/algorithms/round-robin.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { fakeTarget } from '../../src/testing/fake-target.ts'
import { strategyLaws } from '../../src/testing/strategy-tests.ts'
import { targetLaws } from '../../src/testing/target-tests.ts'

const LAWS = strategyLaws(roundRobin())
const TARGET_LAWS = targetLaws(() => ({ target: fakeTarget({ id: 'fake', timers: fakeClock() }), has: [], missing: [] }))

// the laws that round robin breaks if it leaves out ejected members
const BROKEN = ['complete', 'changing-loads', 'coming-and-going', 'one-member', 'input-order', 'minimal-disruption']

/** Runs a file of `runners/` with its own runner, which must fail, and resolves with the output. */
async function run (file: string, ...runner: string[]): Promise<string> {
  // drop what the runner of this test has set
  const { NODE_TEST_CONTEXT, NODE_OPTIONS, ...env } = process.env
  const failed = await promisify(execFile)(process.execPath, [...runner, fileURLToPath(new URL(`./runners/${file}`, import.meta.url))], { env }).then(
    () => expect.fail('a broken strategy passed'),
    (err: Error & { stdout: string }) => err
  )

  return failed.stdout
}

describe('the testing kit under other runners', function () {
  this.timeout(60_000)

  it('works with node:test, if it is given its functions', async () => {
    const output = await run('node-test.ts', '--test-reporter=tap')

    expect(output).to.match(/^ {4}ok \d+ - subset: ranks only members that it was given, each at most once$/m)
    expect(output).to.match(/^ {4}ok \d+ - input-order: .+ \(skipped: begins anywhere\) # SKIP$/m)
    expect(output).to.match(/^ {4}not ok \d+ - complete: ranks every member in the end/m)
    expect(output).to.match(/it left out \\?".+\\?" \(ejected\) of members: /)
    expect(count(output, /^# pass (\d+)$/m)).to.equal(2 * LAWS.length + TARGET_LAWS.length - 4 - BROKEN.length)
    expect(count(output, /^# skipped (\d+)$/m)).to.equal(4)
    expect(count(output, /^# fail (\d+)$/m)).to.equal(BROKEN.length)
  })

  it('works with the globals of mocha', async () => {
    const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js')
    const { stats, pending, failures } = JSON.parse(await run('mocha.ts', mocha, '--reporter=json', '--timeout=20000'))

    expect(stats).to.include({ passes: 2 * LAWS.length + TARGET_LAWS.length - 4 - BROKEN.length, pending: 4, failures: BROKEN.length })
    expect(pending[0].title).to.match(/^input-order: .+ \(skipped: begins anywhere\)$/)
    expect(failures[0].err.message).to.match(/^it left out ".+" \(ejected\) of members: /)
    expect(failures.map(({ title }: { title: string }) => title.split(':')[0])).to.have.members(BROKEN)
  })
})

function count (output: string, what: RegExp): number {
  return Number(what.exec(output)?.[1])
}
