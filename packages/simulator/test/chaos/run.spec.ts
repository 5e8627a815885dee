import { PassThrough } from 'node:stream'
import { expect } from 'aegir/chai'
import { runChaos } from '../../src/chaos/run.ts'
import { UsageError } from '../../src/errors.ts'

async function run (...args: string[]): Promise<{ code: number, stdout: string, stderr: string }> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const code = await runChaos(args, { stdout, stderr })

  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

describe('chaos: the command', function () {
  this.timeout(60_000)

  it('says how many histories it ran, and that no law was broken', async () => {
    const { code, stdout } = await run('--seeds', '30', '--first', '5', '--threads', '1')

    expect(code).to.equal(0)
    expect(stdout).to.match(/^\n30 histories, [\d.]+ simulated hours in [\d.]+ s; .* no law was broken\n$/)
  })

  it('prints the result as JSON, and nothing else with it', async () => {
    const { stdout, stderr } = await run('--seeds', '10', '--threads', '1', '--json', '-')

    expect(JSON.parse(stdout)).to.include({ first: 1, seeds: 10, ran: 10 }).and.to.have.property('failures').that.deep.equals([])
    expect(stderr).to.contain('10 histories')
  })

  it('replays a seed with all that happens in it', async () => {
    const { code, stdout } = await run('--seed', '3')

    expect(code).to.equal(0)
    expect(stdout).to.contain('* scenario {').and.to.contain('> tick').and.to.contain('* all peers leave').and.to.match(/seed 3: \d+ steps, \d+ simulated s, no law was broken\n$/)
  })

  it('says which option it does not understand', async () => {
    await expect(run('--seeds', 'many')).to.eventually.be.rejectedWith(UsageError, '--seeds: "many" is not a whole number')
    await expect(run('--sed', '3')).to.eventually.be.rejectedWith(UsageError, '--sed')
  })
})
