import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { DenylistUnavailableError } from '../../../src/errors.ts'
import { denylistEntries } from '../../../src/policies/denylist/denylist-entries.ts'
import { parseDenylist } from '../../../src/policies/denylist/parse-denylist.ts'
import { storedDenylist } from '../../../src/policies/denylist/stored-denylist.ts'
import { askFor } from './fixtures.ts'
import type { StoredDenylistInit } from '../../../src/policies/denylist/stored-denylist.ts'
import type { Ask, Policy, Verdict } from '../../../src/policies/policy.ts'

const DENIED = CID.parse('QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR')
const OTHER = CID.parse('QmVTF1yEejXd9iMgoRTFDxBv7HAz9kuZcQNBzHrceuK9HR')
/** badbits' own example: the sha2-256 of `<CIDv1>/`. */
const HASHED_RULE = '//d9d295bde21f422d471a90f2a37ec53049fdf3e5fa3ee2e8f20e10003da429e7'
const HASHED_CID = 'bafybeiefwqslmf6zyyrxodaxx4vwqircuxpza5ri45ws3y5a62ypxti42e'

interface Rig extends Policy {
  readonly reads: string[]
  readonly clock: { now: number }
  fails: boolean
}

async function started (text: string, init: Partial<StoredDenylistInit> = {}): Promise<Rig> {
  const { keys, filter } = denylistEntries([(await parseDenylist(text, async () => {})).rules])
  const values = new Map([...keys.map(key => [key, ''] as const), ['filter', filter]])
  const reads: string[] = []
  const clock = { now: 0 }
  const rig = {
    fails: false,
    reads,
    clock,
    async get (key: string) {
      reads.push(key)

      if (rig.fails) {
        throw new Error('down')
      }

      return values.get(key) ?? null
    }
  }
  const policy = storedDenylist({ store: rig, now: () => clock.now, ...init })

  return Object.assign(rig, { name: policy.name, admit: policy.admit.bind(policy), resolve: policy.resolve?.bind(policy) })
}

async function verdict (policy: Policy, ask: Ask): Promise<Verdict | undefined> {
  const first = policy.admit(ask)

  return first === 'defer' ? (await policy.resolve?.([ask], new AbortController().signal))?.[0] : first
}

describe('storedDenylist', () => {
  it('denies a block under all its CIDs, and asks the store only for names that the filter takes for denied', async () => {
    const policy = await started(`/ipfs/${DENIED}\n${HASHED_RULE}\n`)

    for (const cid of [DENIED, DENIED.toV1(), CID.createV1(0x55, DENIED.multihash), CID.createV1(0x300, DENIED.multihash)]) {
      expect(await verdict(policy, askFor(cid))).to.equal('absent')
    }

    expect(await verdict(policy, askFor(HASHED_CID))).to.equal('absent')
    // the filter, and a key for each of the two
    expect(policy.reads).to.have.length(3)

    expect(await verdict(policy, askFor(OTHER))).to.equal('pass')
    expect(policy.admit(askFor(OTHER))).to.equal('pass')
    expect(policy.reads).to.have.length(3)
  })

  it('refuses everything while the filter cannot be read, and names that it takes for denied while the store fails, unless configured otherwise', async () => {
    const errors: Error[] = []
    const policy = await started(`/ipfs/${DENIED}\n`, { onError: error => { errors.push(error) } })
    policy.fails = true
    expect(await verdict(policy, askFor(OTHER))).to.equal('unknown')
    policy.fails = false
    expect(await verdict(policy, askFor(OTHER))).to.equal('pass')
    policy.fails = true
    expect(await verdict(policy, askFor(DENIED))).to.equal('unknown')
    expect(await verdict(policy, askFor(OTHER))).to.equal('pass')
    expect(errors).to.have.length(2)
    expect(errors[0]).to.be.an.instanceOf(DenylistUnavailableError)

    const open = await started(`/ipfs/${DENIED}\n`, { unavailable: 'pass' })
    open.fails = true
    expect(await verdict(open, askFor(DENIED))).to.equal('pass')
  })

  it('reads the filter again when it is too old, and goes on with it if that fails', async () => {
    const policy = await started(`/ipfs/${DENIED}\n`)
    await verdict(policy, askFor(OTHER))
    policy.clock.now += 60_000
    expect(policy.admit(askFor(OTHER))).to.equal('defer')
    policy.fails = true
    expect(await verdict(policy, askFor(OTHER))).to.equal('pass')
    expect(policy.admit(askFor(OTHER))).to.equal('pass')
    expect(policy.reads).to.deep.equal(['filter', 'filter'])
  })

  it('rejects a store whose filter is malformed', async () => {
    const policy = storedDenylist({ store: { get: async () => 'nonsense' } })
    expect(await verdict(policy, askFor(OTHER))).to.equal('unknown')
  })
})

describe('denylistEntries', () => {
  it('leaves out blocks that a later list allows, whichever way they were denied', async () => {
    const rules = async (text: string): Promise<Awaited<ReturnType<typeof parseDenylist>>['rules']> => (await parseDenylist(text, async () => {})).rules
    const denied = await rules(`/ipfs/${DENIED}\n${HASHED_RULE}\n`)
    expect(denylistEntries([denied]).keys).to.have.length(2)
    expect(denylistEntries([denied, await rules(`!/ipfs/${HASHED_CID}\n`)]).keys).to.have.length(1)
    expect(denylistEntries([denied, await rules(`!/ipfs/${HASHED_CID}\n!/ipfs/${DENIED}\n`)]).keys).to.deep.equal([])
  })

  it('takes keys that a store already has', () => {
    const key = 'a'.repeat(64)
    expect(denylistEntries([], [key, 'filter']).keys).to.deep.equal([key])
  })
})
