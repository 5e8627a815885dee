import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { createDag } from '../src/dag.ts'
import { membersUp } from '../src/member-metrics.ts'
import { needKubo } from '../src/needs.ts'
import { temporaryFolder } from '../src/processes.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import type { Balancer } from '../src/balancer.ts'
import type { Dag } from '../src/dag.ts'
import type { Kubo } from '../src/kubo.ts'

const NODES = ['a', 'b', 'c']
const MiB = 1 << 20

interface Member { readonly id: string, readonly state: string, readonly load: { readonly wants: number } }

describe('kubos that are upgraded one by one behind a balancer under load', function () {
  this.timeout(280_000)

  let binary: string
  const peers = stack(() => binary)

  before(function () {
    binary = needKubo(this, 'pins while the nodes behind the balancer are replaced')
  })

  afterEach(async () => {
    await peers.stop()
  })

  const member = async ({ admin }: Balancer, id: string): Promise<Member> => {
    const { members }: { members: Member[] } = await (await fetch(`${admin}/status`)).json()
    const found = members.find(member => member.id === id)

    if (found == null) {
      throw new Error(`the balancer has no node ${id}`)
    }

    return found
  }

  const tell = async (balancer: Balancer, id: string, verb: 'drain' | 'resume'): Promise<void> => {
    const response = await fetch(`${balancer.admin}/members/${id}/${verb}`, { method: 'POST' })
    expect(response.status).to.equal(200)
    await response.arrayBuffer()
  }

  interface Load {
    pins: number
    /** Resolves when more than this many pins were made. Throws the error that has ended the load, if there is one. */
    isBeyond (pins: number): boolean
    end (): Promise<void>
  }

  /**
   * Pins and unpins a DAG again and again, until it is told to end after the running pin. Each pin has its own
   * connection: a kubo that asks twice for a block, because the first answer took 50 ms or more, may keep the second
   * want after both were answered, and then does not ask for that block again while it stays connected.
   */
  function pinAgainAndAgain (client: Kubo, { tcp }: Balancer, dag: Dag): Load {
    const load = { pins: 0, isBeyond, end }
    const ending = new AbortController()
    let failed: Error | undefined
    const running = (async () => {
      while (!ending.signal.aborted) {
        await client.connect(tcp)
        await client.pin(dag.root, { signal: AbortSignal.timeout(60_000) })
        load.pins++

        for (const [command, ...args] of [['pin/rm', dag.root], ['repo/gc']]) {
          await (await client.call(command, args)).arrayBuffer()
        }

        await client.disconnect(tcp)
      }
    })()
    running.catch((err: Error) => { failed = err }) // it is awaited at the end

    function isBeyond (pins: number): boolean {
      if (failed != null) {
        throw failed
      }

      return load.pins > pins
    }

    async function end (): Promise<void> {
      ending.abort()
      await running
    }

    return load
  }

  async function expectNothingLost (balancer: Balancer): Promise<void> {
    for (const name of ['dont_haves_sent', 'evicted_wants', 'expired_wants']) {
      expect(await balancer.metric(`kitsune_router_${name}_total`), name).to.equal(0)
    }
  }

  it('loses no want, fails no pin and sends no wrong DONT_HAVE', async () => {
    const dag = await createDag(binary, { size: 16 * MiB, blockSize: 64 << 10 })
    const kubos = await Promise.all(NODES.map(async () => peers.kubo({ dag })))
    const balancer = await peers.balancer({ downstreams: kubos.map(({ url }, i) => `${url};name=${NODES[i]}`) })
    await membersUp(balancer, NODES)
    const clients = await Promise.all([0, 1].map(async () => peers.kubo()))
    const loads = clients.map(client => pinAgainAndAgain(client, balancer, dag))

    for (const [i, id] of NODES.entries()) {
      const before = Math.min(...loads.map(({ pins }) => pins))
      await tell(balancer, id, 'drain')
      await poll(async () => (await member(balancer, id)).load.wants === 0, `${id} to owe nothing`)
      const asked = await balancer.metric('kitsune_router_member_asks_total', `member="${id}"`)
      await kubos[i].restart()
      await poll(() => loads.every(load => load.isBeyond(before)), 'a pin without it', { timeout: 60_000 })
      expect(await balancer.metric('kitsune_router_member_asks_total', `member="${id}"`)).to.equal(asked)
      await tell(balancer, id, 'resume')
      await poll(async () => (await member(balancer, id)).state === 'up', `${id} to be back`, { timeout: 60_000 })
    }

    await Promise.all(loads.map(async ({ end }) => end()))
    await expectNothingLost(balancer)
    expect(await balancer.metric('kitsune_router_member_failures_total')).to.equal(0)
  })

  it('nor when each is replaced in the configuration, which is read again', async () => {
    const dag = await createDag(binary, { size: 16 * MiB, blockSize: 64 << 10 })
    const kubos = await Promise.all([0, 1].map(async () => peers.kubo({ dag })))
    const file = join(temporaryFolder('config'), 'balancer.json')
    const configure = (...nodes: Kubo[]): void => { writeFileSync(file, JSON.stringify({ downstream: nodes.map(({ url }, i) => ({ address: url, name: NODES[i] })) })) }
    configure(...kubos)
    const balancer = await peers.balancer({ downstreams: [], args: ['--config', file] })
    await membersUp(balancer, NODES.slice(0, 2))
    const client = await peers.kubo()
    const load = pinAgainAndAgain(client, balancer, dag)

    for (const i of kubos.keys()) {
      const old = kubos[i]
      const { pins } = load
      kubos[i] = await peers.kubo({ dag })
      configure(...kubos)
      balancer.signal('SIGHUP')
      await poll(() => balancer.output.some(line => line.includes(`node ${NODES[i]} is added`)), `${NODES[i]} to be another`, { timeout: 60_000 })
      await membersUp(balancer, NODES.slice(0, 2))
      await old.stop()
      await poll(() => load.isBeyond(pins), 'another pin', { timeout: 60_000 })
    }

    await load.end()
    await expectNothingLost(balancer)
  })
})
