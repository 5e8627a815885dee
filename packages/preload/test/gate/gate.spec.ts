import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { createGate } from '../../src/gate/gate.ts'
import { manualClock, settle } from '../support/clock.ts'
import { blockOf, leaf, node, value } from '../support/dag.ts'
import type { Gate, GateInit } from '../../src/gate/gate.ts'
import type { Passage, PassageInit } from '../../src/gate/passage.ts'
import type { TestBlock } from '../support/dag.ts'
import type { Ask, Verdict } from '@kitsune/want-router'

const ask = ({ key, cid }: Pick<TestBlock, 'key' | 'cid'>, client = 'member'): Ask => ({ client, address: undefined, key, cid, type: 'block', review: false })

describe('gate', () => {
  let a: TestBlock
  let b: TestBlock
  let dir: TestBlock
  let root: TestBlock
  let other: TestBlock

  before(async () => {
    [a, b, other] = [await leaf('a'), await leaf('b'), await leaf('other')]
    dir = await node(b)
    root = await node(a, dir)
  })

  const admit = (gate: Gate, block: TestBlock): Verdict | 'defer' => gate.policy.admit(ask(block))
  const pass = (gate: Gate, ...blocks: TestBlock[]): void => { blocks.forEach(block => gate.policy.verified?.(block)) }

  const open = (gate: Gate, init: Partial<PassageInit> = {}, ...clients: string[]): Passage => {
    const passage = gate.open({ roots: [root.cid], maxDepth: -1, ...init })
    clients.forEach(client => passage.addClient(client))

    return passage
  }

  it('refuses everything while no request is open', () => {
    const gate = createGate()

    expect(admit(gate, root)).to.equal('absent')
    pass(gate, root)
    expect(admit(gate, a)).to.equal('absent')
  })

  it('admits the root, then what verified blocks of the request link to', () => {
    const gate = createGate()
    const passage = open(gate, {}, 'x')

    expect(admit(gate, root)).to.deep.equal({ only: ['x'] })
    expect([admit(gate, a), admit(gate, b)]).to.deep.equal(['defer', 'defer'])
    pass(gate, root)
    expect([admit(gate, a), admit(gate, dir), admit(gate, b)]).to.deep.equal([{ only: ['x'] }, { only: ['x'] }, 'defer'])
    pass(gate, dir)
    expect(admit(gate, b)).to.deep.equal({ only: ['x'] })
    passage.close()
    expect([admit(gate, root), admit(gate, b)]).to.deep.equal(['absent', 'absent'])
    expect(gate.status()).to.deep.equal({ open: 0, linkBytes: 0 })
  })

  it('learns nothing from blocks that are not known to be part of an open request', () => {
    const gate = createGate()
    open(gate, {}, 'x')

    pass(gate, dir)
    expect(admit(gate, b)).to.equal('defer')
  })

  it('asks each client only for blocks of its own requests', async () => {
    const gate = createGate()
    open(gate, {}, 'x')
    open(gate, { roots: [dir.cid] }, 'y')

    pass(gate, dir)
    expect(admit(gate, b)).to.deep.equal({ only: ['y'] })
    pass(gate, root)
    expect(admit(gate, dir)).to.deep.equal({ only: ['x', 'y'] })
  })

  it('gives no answer for a block that no request is known to need, while one is open', async () => {
    const timers = manualClock()
    const gate = createGate({ timers })
    const passage = open(gate, {}, 'x')
    const resolved = gate.policy.resolve?.([ask(other)], new AbortController().signal)

    timers.pass(500)
    expect(await resolved).to.deep.equal(['silent'])
    const late = gate.policy.resolve?.([ask(other)], new AbortController().signal)
    passage.close()
    expect(await late).to.deep.equal(['absent'])
    expect(timers.pending).to.equal(0)
  })

  it('decides at once about blocks that it has admitted before', () => {
    let reviews = 0
    const gate = createGate()
    gate.policy.attach?.({ review () { reviews++ }, repeat () {} })
    const review = (block: TestBlock): unknown => gate.policy.admit({ ...ask(block), review: true })
    const passage = open(gate, {}, 'x')
    open(gate, { roots: [other.cid] }, 'z')
    expect(reviews).to.equal(2)
    passage.addClient('y')
    expect([review(root), reviews]).to.deep.equal([{ only: ['x', 'y'] }, 3])
    passage.removeClient('x')
    expect([review(root), reviews]).to.deep.equal([{ only: ['y'] }, 4])
    passage.close()
    expect([review(root), reviews]).to.deep.equal(['silent', 5])
  })

  it('remembers wants that it has refused, and has them put again when a request comes that they are part of', async () => {
    const timers = manualClock()
    const gate = createGate({ timers })
    const repeated: Ask[] = []
    gate.policy.attach?.({ review () {}, repeat (ask) { repeated.push(ask) } })
    const before = [ask(root), ask(a), ask(a, 'other'), ask(other), ask(dir, 'gone')]
    expect(before.map(one => gate.policy.admit(one))).to.deep.equal(before.map(() => 'absent'))
    gate.policy.gone?.('gone')
    const first = open(gate, {}, 'x')
    expect(repeated).to.deep.equal([before[0]])
    pass(gate, root)
    expect(repeated).to.deep.equal(before.slice(0, 3))

    // also one that got no answer, and one whose request has ended; none that was admitted meanwhile
    const late = gate.policy.resolve?.([ask(b)], new AbortController().signal)
    timers.pass(500)
    expect(await late).to.deep.equal(['silent'])
    pass(gate, dir)
    expect(repeated.slice(3)).to.deep.equal([ask(b)])
    admit(gate, a)
    first.close()
    gate.policy.admit({ ...ask(a), review: true })
    admit(gate, root)
    open(gate, { roots: [a.cid] }, 'x')
    expect(repeated.slice(4).map(({ key }) => key)).to.deep.equal([a.key])
  })

  it('has blocks looked for that members may hold, when there is a client for wants that it has refused', () => {
    let unknown = 0
    const gate = createGate()
    open(gate, { unknown () { unknown++ } }, 'x').close()
    expect(unknown).to.equal(0)
    admit(gate, a)
    open(gate, { unknown () { unknown++ } }, 'x')
    expect(unknown).to.equal(1)
  })

  it('remembers the latest ones of those', () => {
    const gate = createGate()
    let repeated = 0
    gate.policy.attach?.({ review () {}, repeat () { repeated++ } })
    admit(gate, root)

    for (let i = 0; i < 8192; i++) {
      gate.policy.admit({ ...ask(other), key: `${i}` as typeof other.key })
    }

    open(gate, {}, 'x')
    expect(repeated).to.equal(0)
  })

  it('waits for the block that links to a want', async () => {
    const timers = manualClock()
    let unknown = 0
    const gate = createGate({ timers })
    const passage = open(gate, { unknown: () => { unknown++ } }, 'x')
    const resolved = gate.policy.resolve?.([ask(a), ask(dir)], new AbortController().signal)

    await settle()
    expect(unknown).to.equal(1)
    passage.read(root.cid, root.bytes)
    expect(await resolved).to.deep.equal([{ only: ['x'] }, { only: ['x'] }])
    expect(timers.pending).to.equal(0)
  })

  it('follows links down to the requested depth', () => {
    const gate = createGate()
    open(gate, { maxDepth: 1 }, 'x')

    pass(gate, root, dir)
    expect([admit(gate, a), admit(gate, b)]).to.deep.equal([{ only: ['x'] }, 'defer'])
  })

  it('follows links of blocks that are contained in their CIDs', async () => {
    const gate = createGate()
    const inline = { cid: CID.createV1(0x70, identity.digest(dir.bytes)) }
    const outer = await node(inline)
    open(gate, { roots: [outer.cid] }, 'x')

    pass(gate, outer)
    expect(admit(gate, b)).to.deep.equal({ only: ['x'] })
    open(gate, { roots: [inline.cid] }, 'y')
    expect(admit(gate, b)).to.deep.equal({ only: ['x', 'y'] })
  })

  it('continues past blocks that it cannot read', async () => {
    const gate = createGate()
    const [foreign, broken] = [await blockOf(0x90, new Uint8Array([1])), await blockOf(0x70, new Uint8Array([255, 255]))]
    const mixed = await value({ foreign: foreign.cid, broken: broken.cid, a: a.cid })
    open(gate, { roots: [mixed.cid] }, 'x')

    pass(gate, mixed, foreign, broken)

    for (const block of [foreign, broken, a]) {
      expect(admit(gate, block)).to.deep.equal({ only: ['x'] })
    }
  })

  it('counts each block once', () => {
    const passed: string[] = []
    const gate = createGate()
    open(gate, { progress: ({ cid }) => { passed.push(String(cid)) } }, 'x')

    pass(gate, root, root, a, other)
    expect(passed).to.deep.equal([String(root.cid), String(a.cid)])
  })

  const excesses: ReadonlyArray<readonly [string, GateInit['limits']]> = [
    ['links', { links: 2 }], ['memory', { linkMemory: 16 * 20 - 1 }], ['blocks', { blocks: 1 }], ['bytes', { bytes: 50 }], ['depth', { depth: 1 }]
  ]

  excesses.forEach(([what, limits]) => {
    it(`ends a request that exceeds its limit of ${what}, and only that one`, () => {
      const gate = createGate({ limits })
      const failed: Error[] = []

      if (what !== 'memory') {
        open(gate, { roots: [other.cid] }, 'y')
      }

      open(gate, { failed: error => { failed.push(error) } }, 'x')

      pass(gate, root, dir, a, b)
      expect(failed.map(({ name }) => name)).to.deep.equal(['BudgetError'])

      if (what !== 'memory') {
        expect([admit(gate, other), admit(gate, root)]).to.deep.equal([{ only: ['y'] }, 'defer'])
      }
    })
  })
})
