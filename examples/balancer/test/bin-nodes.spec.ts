import { existsSync } from 'node:fs'
import { expect } from 'aegir/chai'
import { LOOPBACK, UNREACHABLE, announcementOf, createCommandRunner, parseLog } from './support/command.ts'
import { connectClient, startNodes, until } from './support/demo.ts'
import type { DemoDag } from '../src/demo/dag.ts'
import type { DemoNodes } from '../src/demo/demo-nodes.ts'

describe('kitsune-balancer with nodes behind it', function () {
  this.timeout(60_000)

  const { path, start, run } = createCommandRunner()
  let nodes: DemoNodes & { dag: DemoDag }

  beforeEach(async () => {
    nodes = await startNodes()
  })

  afterEach(async () => {
    await nodes.stop()
  })

  it('on SIGTERM is not ready first, sends the answers that are due, then exits 0', async () => {
    const program = start([...nodes.addresses.flatMap(address => ['-d', address]), ...LOOPBACK, '--json'])
    const { addresses, admin } = await announcementOf(program)
    await until(async () => (await fetch(`${admin}/readyz`)).ok)

    const client = await connectClient(addresses[0])
    const blocks = nodes.dag.blocks.map(async ({ cid }) => client.get(cid))
    await until(async () => (await (await fetch(`${admin}/status`)).json()).totals.wants > 0)
    program.signal('SIGTERM')

    const during: number[] = []
    await until(async () => {
      const response = await fetch(`${admin}/readyz`).catch(() => undefined)
      during.push(response?.status ?? 0)

      return response == null
    })

    const content = await Promise.all(blocks)
    expect(content.every((bytes, i) => Buffer.compare(bytes, nodes.dag.blocks[i].bytes) === 0)).to.be.true()
    // not ready while transfers finish, and never ready again
    expect(during.indexOf(503)).to.be.greaterThan(-1)
    expect(during.slice(during.indexOf(503)).filter(status => status === 200)).to.be.empty()

    const { code, stderr } = await program.ended
    expect(code).to.equal(0)
    expect(stderr).to.match(/info {2}SIGTERM: finishing transfers for at most 30 s; a second signal exits at once\n/)
    await client.host.stop()
  })

  it('logs what happens to them, and to itself', async () => {
    const { addresses } = nodes
    const program = start([...addresses.flatMap((address, i) => ['-d', `${address};name=n${i}`]), ...LOOPBACK, '--json', '--log', 'json'])
    await announcementOf(program)
    await Promise.all([0, 1].map(async i => program.errorLine(new RegExp(`node n${i} is up`))))
    await nodes.stop()
    await program.errorLine(/not ready/)
    program.signal('SIGTERM')
    const lines = parseLog((await program.ended).stderr)

    expect([...new Set(lines.map(({ event, level }) => `${event} ${level}`))]).to.deep.equal([
      'started info', 'node info', 'ready info', 'node warn', 'not-ready warn', 'stopping info', 'draining info', 'stopped info'
    ])
    const [up] = lines.filter(({ state }) => state === 'up')
    expect(up.address).to.be.oneOf(addresses)
    expect(up.message).to.match(/^node n\d is up: peer 12D3Koo\w+ at \/ip4\/127/)

    for (const { reason } of lines.filter(({ state }) => state === 'down')) {
      expect(reason).to.be.a('string').that.is.not.empty()
    }
  })

  it('logs only errors with --log-level error', async () => {
    const program = start([...nodes.addresses.flatMap(address => ['-d', address]), ...LOOPBACK, '--json', '--log-level', 'error'])
    const { admin } = await announcementOf(program)
    await until(async () => (await fetch(`${admin}/readyz`)).ok)
    program.signal('SIGTERM')

    expect(await program.ended).to.include({ code: 0, stderr: '' })
  })

  it('are reached by a probe, which says which of them cannot be reached', async () => {
    const argv = [...nodes.addresses.flatMap((address, i) => ['-d', `${address};name=n${i}`]), '--check-config', '--probe']
    const reached = await run(...argv)

    expect(reached.code).to.equal(0)
    expect(JSON.parse(reached.stdout)).to.have.property('downstream').with.lengthOf(2)
    expect(reached.stderr).to.match(/^kitsune-balancer: node n0 was reached: peer 12D3Koo\w+ at \/ip4\/127\S+\nkitsune-balancer: node n1 was reached: .*\n$/)

    await nodes.stop()
    const gone = await run(...argv, '-d', `${UNREACHABLE};name=gone`)
    expect(gone.code).to.equal(1)
    expect(gone.stderr.match(/node \w+ cannot be reached: \S+/g)).to.have.lengthOf(3)
    expect(existsSync(path('key'))).to.be.false()
  })

  it('exits at once at the second signal', async () => {
    const program = start([...nodes.addresses.flatMap(address => ['-d', address]), ...LOOPBACK, '--json'])
    await announcementOf(program)
    program.signal('SIGTERM')
    program.signal('SIGINT')

    const { code } = await program.ended
    expect(code).to.equal(130)
  })
})
