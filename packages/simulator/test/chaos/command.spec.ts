import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect } from 'aegir/chai'
import { runChaos } from '../../src/chaos/command.ts'
import { caughtBy, tryMutant } from '../../src/chaos/mutant-search.ts'
import { UsageError } from '../../src/errors.ts'

async function run (...args: string[]): Promise<{ code: number, stdout: string, stderr: string }> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const code = await runChaos(args, { stdout, stderr })

  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

describe('chaos: the command', function () {
  this.timeout(300_000)

  it('says how many runs it played, what they met, and that no invariant was broken', async () => {
    const { code, stdout } = await run('--seeds', '30', '--first', '5', '--threads', '1')

    expect(code).to.equal(0)
    expect(stdout).to.match(/^ +\d+% {2}default strategy: /m).and.to.match(/\n30 runs, [\d.]+ simulated hours in [\d.]+ s; .* no invariant was broken\n$/)
  })

  it('prints the result as JSON, and nothing else with it', async () => {
    const { stdout, stderr } = await run('--seeds', '10', '--threads', '1', '--json', '-')

    expect(JSON.parse(stdout)).to.include({ first: 1, seeds: 10, ran: 10 }).and.to.have.property('failures').that.deep.equals([])
    expect(stderr).to.contain('10 runs')
  })

  it('replays a seed and prints its events', async () => {
    const { code, stdout } = await run('--seed', '3')

    expect(code).to.equal(0)
    expect(stdout).to.contain('* scenario {').and.to.contain('> tick').and.to.contain('* all clients leave').and.to.match(/seed 3: \d+ steps, \d+ simulated s, no invariant was broken\n$/)
  })

  it('finds the seeds that catch mutants, and says which are not caught', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kitsune-mutants-'))
    const file = join(folder, 'mutants.mjs')
    const seeds = join(folder, 'seeds.json')
    const harmful = { name: 'a DONT_HAVE is a HAVE', breaks: ['dont-have', 'have'], file: 'engine/deliveries.ts', find: 'sendPresence(state, want, false)', replace: 'sendPresence(state, want, true)' }

    try {
      await writeFile(file, `export const MUTANTS = ${JSON.stringify([
        harmful,
        { ...harmful, name: 'nothing', replace: harmful.find },
        { ...harmful, name: 'another rule', breaks: ['drain'] },
        { ...harmful, name: 'nowhere', find: 'no such text' }
      ])}`)
      const { code, stdout } = await run('--mutants', file, '--seeds', '10', '--json', seeds)
      const [, seed] = /^(\d+): a DONT_HAVE is a HAVE: (?:dont-have|have)$/m.exec(stdout) ?? []

      expect(code).to.equal(1)
      expect(stdout).to.match(/^NOT CAUGHT: nothing$/m).and.to.match(/^NOT CAUGHT: another rule: seed \d+ broke "(dont-have|have)" instead of drain: /m)
      expect(stdout).to.match(/^NOT CAUGHT: nowhere: the mutant "nowhere" no longer fits: /m)
      expect(stdout).to.match(/\n4 mutants, 3 not caught\n$/)
      expect(JSON.parse(await readFile(seeds, 'utf8'))).to.deep.equal({ 'a DONT_HAVE is a HAVE': Number(seed) })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  for (const [what, bug] of [
    ['in a microtask', 'queueMicrotask(() => { throw new Error("too late") })'],
    ['by a rejection without a handler', 'void Promise.reject(new Error("too late"))']
  ]) {
    it(`finds an error thrown ${what}, outside of the calls that play a run`, async () => {
      const text = 'member.totals.dontHaves++\n    member.health.succeeded'
      const caught = await tryMutant({ name: what, breaks: ['crash'], file: 'engine/answers.ts', find: text, replace: `${bug}\n${text}` }, 1, 3)

      expect(caught, caughtBy(caught)).to.deep.include({ seed: 1, named: true })
      expect(caught.broken?.message).to.contain('too late')
    })
  }

  it('says that a module has no mutants', async () => {
    await expect(run('--mutants', 'nowhere.ts')).to.eventually.be.rejectedWith(UsageError, '--mutants: cannot load nowhere.ts')
    await expect(run('--mutants', fileURLToPath(new URL('../../src/chaos/invariants.ts', import.meta.url)))).to.eventually.be.rejectedWith(UsageError, 'exports no list called MUTANTS')
  })

  it('names the option that it does not understand', async () => {
    await expect(run('--seeds', 'many')).to.eventually.be.rejectedWith(UsageError, '--seeds: "many" is not a whole number')
    await expect(run('--sed', '3')).to.eventually.be.rejectedWith(UsageError, '--sed')
  })
})
