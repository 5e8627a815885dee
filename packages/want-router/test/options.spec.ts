import { expect } from 'aegir/chai'
import { kubo } from '../src/discovery/kubo-rpc.ts'
import { peers } from '../src/discovery/static.ts'
import { DEFAULT_LIMITS, peerTarget, source, wantRouter } from '../src/index.ts'
import { DEFAULT_NETWORK_LIMITS } from '../src/network/defaults.ts'
import { accessList, denylist, quotas, storedDenylist, urlList } from '../src/policies/index.ts'
import { checkInit } from '../src/router-init.ts'
import type { PeerInit } from '../src/discovery/static.ts'
import type { PeerTargetInit, SourceInit, WantRouterInit } from '../src/index.ts'

const ADDRESS = '/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'

const refused = (init: object): Chai.Assertion => expect(() => wantRouter({ targets: [], ...init } as WantRouterInit)).to.throw().with.property('message')
const refusedSource = (init: object): Chai.Assertion => expect(() => source({ get: () => undefined }, { id: 'store', ...init } as SourceInit)).to.throw().with.property('message')
const refusedPeer = (init: object): Chai.Assertion => expect(() => peerTarget({ id: 'node', locate: async () => { throw new Error('nowhere') }, ...init } as PeerTargetInit)).to.throw().with.property('message')

describe('wantRouter: options that are invalid are refused, and the message names them', () => {
  it('limits that are not numbers, negative, or fractions', () => {
    for (const value of [NaN, -1, 1.5, Infinity, 0]) {
      refused({ limits: { wantsPerClient: value } }).that.equals(`limits.wantsPerClient must be a whole number above 0, not ${value}`)
    }

    refused({ limits: { unsent: '64MiB' } }).that.equals('limits.unsent must be a whole number above 0, not the string "64MiB"')
    refused({ limits: { minHedge: -1 } }).that.equals('limits.minHedge must be a whole number, 0 or more, not -1')
    refused({ limits: { hedgeShare: 5 } }).that.equals('limits.hedgeShare must be a share, from 0 to 1, not 5')
    refused({ reverse: { limits: { tries: 0.5 } } }).that.equals('reverse.limits.tries must be a whole number above 0, not 0.5')
    refused({ networkLimits: { upstream: { maxLanes: 0 } } }).that.equals('networkLimits.upstream.maxLanes must be a whole number above 0, not 0')
    refused({ networkLimits: { downstream: { greetings: NaN } } }).that.equals('networkLimits.downstream.greetings must be a whole number, 0 or more, not NaN')
  })

  it('names that do not exist', () => {
    refused({ limits: { wantsPerPeer: 10 } }).that.equals('limits.wantsPerPeer does not exist: did you mean wantsPerMember?')
    refused({ networkLimits: { maxLanes: 1 } }).that.equals('networkLimits.maxLanes does not exist: there are upstream, downstream')
    refused({ networkLimits: { upstream: { lanes: 1 } } }).that.matches(/^networkLimits\.upstream\.lanes does not exist: /)
    refused({ stratgy: () => {} }).that.equals('wantRouter: stratgy does not exist: did you mean strategy?')
    refused({ reverse: { member: 'connected' } }).that.equals('reverse.member does not exist: did you mean members?')
    refused({ limits: [] }).that.equals('limits must be an object, not a list')
    refused({ policyFailure: 'deny' }).that.contains('policyFailure must be one of \'pass\', ')
    refused({ limits: 5 }).that.equals('limits must be an object, not the number 5')
  })

  it('and so are those of a source', () => {
    refusedSource({ concurency: 1 }).that.equals('source "store": concurency does not exist: did you mean concurrency?')
    refusedSource({ capacity: { want: 4 } }).that.equals('source "store": capacity.want does not exist: did you mean wants?')
    refusedSource({ capacity: { wants: -4 } }).that.equals('source "store": capacity.wants must be a whole number above 0, not -4')
    refusedSource({ capacity: 4 }).that.equals('source "store": capacity must be an object, not the number 4')
  })

  it('and those of a peer', () => {
    refusedPeer({ capacty: {} }).that.equals('peer "node": capacty does not exist: did you mean capacity?')
    refusedPeer({ capacity: { wants: NaN } }).that.equals('peer "node": capacity.wants must be a whole number above 0, not NaN')
    refusedPeer({ capacity: { bytes: -1 } }).that.equals('peer "node": capacity.bytes must be a whole number above 0, not -1')
    refusedPeer({ entries: 0 }).that.equals('peer "node": entries must be a whole number above 0, not 0')
    refusedPeer({ locateTimeout: NaN }).that.equals('peer "node": locateTimeout must be a whole number from 1 to 2147483647, not NaN')
    refusedPeer({ dialTimeout: -5 }).that.equals('peer "node": dialTimeout must be a whole number from 1 to 2147483647, not -5')
    refusedPeer({ retry: { minDelay: -1 } }).that.equals('peer "node": retry.minDelay must be a whole number from 0 to 2147483647, not -1')
    refusedPeer({ retry: { maxDelay: Infinity } }).that.equals('peer "node": retry.maxDelay must be a whole number from 1 to 2147483647, not Infinity')
    refusedPeer({ retry: { delay: 5 } }).that.contains('peer "node": retry.delay does not exist')
  })

  it('also of a node by its addresses or its RPC', () => {
    expect(() => peers([{ address: ADDRESS, entires: 5 } as PeerInit])).to.throw(`peer "${ADDRESS}": entires does not exist: did you mean entries?`)
    expect(() => kubo([{ url: 'http://127.0.0.1:5001', dialTimeout: NaN }])).to.throw('peer "http://127.0.0.1:5001": dialTimeout must be a whole number')
  })
})

describe('invalid options of the have-map are refused, and the message names them', () => {
  it('numbers', () => {
    refused({ haveMap: { interval: NaN } }).that.equals('haveMap.interval must be a whole number from 1 to 2147483647, not NaN')
    refused({ haveMap: { interval: -1 } }).that.equals('haveMap.interval must be a whole number from 1 to 2147483647, not -1')
    refused({ haveMap: { interval: 2 ** 31 } }).that.equals('haveMap.interval must be a whole number from 1 to 2147483647, not 2147483648')
    refused({ haveMap: { maxBytes: 4095 } }).that.equals('haveMap.maxBytes must be a whole number from 4096 to 536870912, not 4095')
  })

  it('names, and flags that are not booleans', () => {
    refused({ haveMap: { intervall: 1000 } }).that.equals('haveMap.intervall does not exist: did you mean interval?')
    refused({ haveMap: { pinned: 'yes' } }).that.equals('haveMap.pinned must be true or false, not the string "yes"')
    refused({ haveMap: true }).that.equals('haveMap must be an object, not the boolean true')
  })
})

describe('invalid options of policies are refused, and the message names them', () => {
  const lists = [{ name: 'x', load: async () => '' }]
  const refusedBy = <T>(make: (init: T) => unknown, init: object): Chai.Assertion => expect(() => make(init as T)).to.throw().with.property('message')

  it('of a denylist', () => {
    refusedBy(denylist, { lists, verdikt: 'close' }).that.equals('denylist: verdikt does not exist: did you mean verdict?')
    refusedBy(denylist, { lists, verdict: 'deny' }).that.equals('denylist: verdict must be one of \'silent\', \'unknown\', \'absent\', \'close\', not the string "deny"')
    refusedBy(denylist, { lists, verdict: 'pass' }).that.contains('denylist: verdict must be one of')
    refusedBy(denylist, { lists, unavailable: 'open' }).that.contains('denylist: unavailable must be one of \'pass\', ')
    refusedBy(denylist, { lists, interval: NaN }).that.equals('denylist: interval must be a whole number from 1 to 2147483647, not NaN')
    refusedBy(denylist, { lists: [...lists, ...lists] }).that.equals('denylist: lists: give at least one list, and each a unique name')
    refusedBy(denylist, {}).that.equals('denylist: lists: give at least one list, and each a unique name')
  })

  it('of an access list', () => {
    refusedBy(accessList, { lists: [] }).that.equals('accessList: lists: give at least one list, and each a unique name')
    refusedBy(accessList, { lists, denied: 'close' }).that.contains('accessList: denied does not exist')
    refusedBy(accessList, { lists, deniedClient: 'pass' }).that.contains('accessList: deniedClient must be one of')
    refusedBy(accessList, { lists, deniedBlock: 5 }).that.contains('not the number 5')
    refusedBy(accessList, { lists, interval: -1 }).that.contains('accessList: interval must be a whole number from 1')
  })

  it('of a denylist in a store', () => {
    const store = { get: async () => null }
    refusedBy(storedDenylist, {}).that.contains('storedDenylist: store must have a function get')
    refusedBy(storedDenylist, { store, interval: 1.5 }).that.equals('storedDenylist: interval must be a whole number above 0, not 1.5')
    refusedBy(storedDenylist, { store, key: 'filter' }).that.contains('storedDenylist: key does not exist')
    refusedBy(storedDenylist, { store, unavailable: 'alone' }).that.contains('storedDenylist: unavailable must be one of')
  })

  it('of a list on the web', () => {
    const web = (init: object): unknown => urlList('https://example.com/list', init)
    refusedBy(web, { maxLenght: 5 }).that.equals('urlList: maxLenght does not exist: did you mean maxLength?')
    refusedBy(web, { timeout: 0 }).that.equals('urlList: timeout must be a whole number above 0, not 0')
    refusedBy(web, { maxLength: -5 }).that.equals('urlList: maxLength must be a whole number above 0, not -5')
  })

  it('of quotas', () => {
    refusedBy(quotas, { perAdress: {} }).that.equals('quotas: perAdress does not exist: did you mean perAddress?')
    refusedBy(quotas, { total: { blocks: 5 } }).that.contains('quotas: total.blocks does not exist')
    // the same cap of others is in order
    refusedBy(quotas, { perClient: { bytesPerDay: NaN }, total: { bytesPerDay: 5 } }).that.equals('quotas: perClient.bytesPerDay must be a whole number above 0, not NaN')
    refusedBy(quotas, { maxMisses: 0 }).that.equals('quotas: maxMisses must be a whole number above 0, not 0')
    refusedBy(quotas, { atCap: 'pass' }).that.contains('quotas: atCap must be one of')
    refusedBy(quotas, { storeFailure: 'close it' }).that.contains('quotas: storeFailure must be one of \'alone\', \'pass\', ')
    refusedBy(quotas, { store: {} }).that.contains('quotas: store must have a function take')
  })
})

describe('wantRouter: options', () => {
  it('are as they are by default where they are undefined', () => {
    const { limits, networkLimits } = checkInit({ targets: [], limits: { unsent: undefined, tries: 2 }, networkLimits: { upstream: { maxLanes: undefined } } })

    expect(limits).to.deep.equal({ tries: 2 })
    expect(networkLimits).to.deep.equal({ upstream: {}, downstream: {} })
  })

  it('may be the defaults', () => {
    const networkLimits = { upstream: DEFAULT_NETWORK_LIMITS, downstream: DEFAULT_NETWORK_LIMITS }

    expect(checkInit({ targets: [], limits: DEFAULT_LIMITS, networkLimits })).to.deep.include({ limits: DEFAULT_LIMITS, networkLimits })
  })
})
