import { existsSync, writeFileSync } from 'node:fs'
import { expect } from 'aegir/chai'
import { LOOPBACK, UNREACHABLE, announcementOf, createCommandRunner } from './support/command.ts'
import { until } from './support/demo.ts'
import type { Program } from './support/program.ts'

interface Status {
  readonly peerId: string
  readonly workers: ReadonlyArray<{ readonly worker: number, readonly pid: number, readonly members: ReadonlyArray<{ readonly draining: boolean }> }>
}

describe('workers', function () {
  this.timeout(60_000)

  const { path, start, run } = createCommandRunner()
  const workers = (...argv: string[]): Program => start(['-d', `${UNREACHABLE};name=a`, ...LOOPBACK, '--workers', '2', '--json', ...argv])
  const text = async (url: string): Promise<string> => (await fetch(url)).text()
  const status = async (admin: string): Promise<Status> => JSON.parse(await text(`${admin}/status`)) as Status

  it('look like one balancer from outside, and one that dies is replaced', async () => {
    const program = workers()
    const { peerId, addresses, admin } = await announcementOf(program)
    const before = await status(admin)
    expect(before.peerId).to.equal(peerId)
    expect(addresses).to.have.lengthOf(1)
    expect(before.workers.map(({ worker }) => worker)).to.deep.equal([1, 2])
    expect(JSON.parse(await text(`${admin}/readyz`))).to.deep.equal({ status: 'not ready', reason: 'worker 1: no downstream node is up; worker 2: no downstream node is up' })
    expect(await text(`${admin}/metrics`)).to.include('\nkitsune_balancer_max_connections 4000\n').and.to.include('\nkitsune_router_members 1\n')

    expect((await fetch(`${admin}/members/a/drain`, { method: 'POST' })).status).to.equal(200)
    expect((await fetch(`${admin}/members/b/drain`, { method: 'POST' })).status).to.equal(404)
    process.kill(before.workers[1].pid, 'SIGKILL')
    await program.errorLine(/worker 2 has ended \(SIGKILL\); another one starts now/)
    await until(async () => (await status(admin)).workers.length === 2, 30_000)
    const after = await status(admin)
    expect(after.workers[0].pid).to.equal(before.workers[0].pid)
    expect(after.workers[1].pid).not.to.equal(before.workers[1].pid)
    expect(await text(`${admin}/metrics`)).to.include('\nkitsune_balancer_worker_deaths_total 1\n')
    // the node that the operator drains is drained at the new worker too
    await until(async () => (await status(admin)).workers.every(({ members }) => members[0].draining))

    program.signal('SIGHUP')
    await program.errorLine(/worker 1: reloaded/)
    await program.errorLine(/worker 2: reloaded/)
    program.signal('SIGTERM')
    expect(await program.ended).to.include({ code: 0, killedBy: null })
  })

  it('that cannot start print one line, and end with their code', async () => {
    writeFileSync(path('strategy.js'), 'throw new Error("broken")')
    const { code, stdout, stderr } = await run('-d', UNREACHABLE, ...LOOPBACK, '--workers', '2', '--strategy', './strategy.js')

    expect(code).to.equal(2)
    expect(stderr).to.match(/^kitsune-balancer: strategy: .*broken.*\n$/)
    expect(stdout).to.equal('')
    // the primary, the only process that creates it, has created it before
    expect(existsSync(path('key'))).to.be.true()
  })

  it('are refused if they preload without Redis', async () => {
    const { code, stderr } = await run('-d', 'http://127.0.0.1:1', ...LOOPBACK, '-w', '/ip4/127.0.0.1/tcp/0', '-p', '127.0.0.1:0', '--workers', '2')

    expect(code).to.equal(2)
    expect(stderr).to.equal('kitsune-balancer: --workers: the preload request of a client and its connection may arrive at different workers, which find each other by Redis; add --redis, or leave out -p\n')
  })
})
