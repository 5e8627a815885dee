import { writeFile } from 'node:fs/promises'
import { expect } from 'aegir/chai'
import { LOOPBACK, announcementOf, createCommandRunner } from './support/command.ts'
import { connectClient, startNodes, until } from './support/demo.ts'
import type { Announcement } from './support/command.ts'
import type { Program } from './support/program.ts'
import type { DemoDag } from '../src/demo/dag.ts'
import type { DemoNodes } from '../src/demo/demo-nodes.ts'

interface Member { id: string, state: string, weight: number, load: { wants: number } }

describe('kitsune-balancer on SIGHUP', function () {
  this.timeout(60_000)

  const { path, start } = createCommandRunner()
  let nodes: DemoNodes & { dag: DemoDag }
  let program: Program
  let announced: Announcement

  beforeEach(async () => {
    nodes = await startNodes()
    await configure({ downstream: [`${nodes.addresses[0]};name=n0`] })
    program = start(['--config', path('balancer.json'), ...LOOPBACK, '--json'])
    announced = await announcementOf(program)
    await until(async () => (await members()).every(({ state }) => state === 'up'))
  })

  afterEach(async () => {
    await program.ended // the runner has killed it
    await nodes.stop()
  })

  const configure = async (config: unknown): Promise<void> => { await writeFile(path('balancer.json'), typeof config === 'string' ? config : JSON.stringify(config)) }
  const members = async (): Promise<Member[]> => (await (await fetch(`${announced.admin}/status`)).json()).members
  const ids = async (): Promise<string> => (await members()).map(({ id, state, weight }) => `${id} ${state} ${weight}`).join(', ')

  it('adds, reweights and removes nodes, while a client is served', async () => {
    const client = await connectClient(announced.addresses[0])
    const get = async (from: number, to: number): Promise<void> => { await Promise.all(nodes.dag.blocks.slice(from, to).map(async ({ cid }) => client.get(cid))) }
    const half = Math.floor(nodes.dag.blocks.length / 2)
    await get(0, half)

    await configure({ downstream: [`${nodes.addresses[0]};name=n0`, `${nodes.addresses[1]};name=n1;weight=2`] })
    program.signal('SIGHUP')
    await program.errorLine(/reloaded: the nodes are n0, n1/)
    await until(async () => await ids() === 'n0 up 1, n1 up 2')

    await configure({ downstream: [{ address: nodes.addresses[1], name: 'n1', weight: 5 }] })
    program.signal('SIGHUP')
    await until(async () => await ids() === 'n1 up 5')
    await get(half, nodes.dag.blocks.length)
    await client.host.stop()
  })

  it('keeps its configuration if the new one is invalid, and says why in one line', async () => {
    for (const [config, message] of [
      ['{', /SIGHUP: keeping the old configuration: .*balancer\.json/],
      [{ downstream: [] }, /SIGHUP: keeping the old configuration: .*names no downstream/],
      [{ downstream: [`${nodes.addresses[0]};name=n0;weight=-1`] }, /SIGHUP: keeping the old configuration: .*a weight must be/],
      [{ downstream: [`${nodes.addresses[0]};name=n0`], strategi: 'x' }, /SIGHUP: keeping the old configuration: .*strategi/]
    ] as const) {
      await configure(config)
      program.signal('SIGHUP')
      await program.errorLine(message)
      expect(await ids()).to.equal('n0 up 1')
    }
  })

  it('names the settings that only take effect at the next start', async () => {
    await configure({ downstream: [`${nodes.addresses[0]};name=n0`], strategy: 'round-robin', maxWants: 7 })
    program.signal('SIGHUP')

    expect(await program.errorLine(/next start/)).to.match(/warn {2}these settings have changed and take effect at the next start: strategy, maxWants$/)
  })

  it('keeps draining a node until it is resumed', async () => {
    const post = async (path: string): Promise<unknown> => (await fetch(`${announced.admin}${path}`, { method: 'POST' })).json()

    expect(await post('/members/n0/drain')).to.include({ id: 'n0', state: 'draining' })
    await program.errorLine(/node n0 is draining/)
    program.signal('SIGHUP')
    await program.errorLine(/reloaded/)
    expect(await ids()).to.equal('n0 draining 1')
    expect(await post('/members/n0/resume')).to.include({ id: 'n0', state: 'up' })
    expect((await fetch(`${announced.admin}/members/n1/drain`, { method: 'POST' })).status).to.equal(404)
  })
})
