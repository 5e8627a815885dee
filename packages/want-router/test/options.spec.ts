import { expect } from 'aegir/chai'
import { DEFAULT_LIMITS, source, wantRouter } from '../src/index.ts'
import { DEFAULT_NETWORK_LIMITS } from '../src/network/defaults.ts'
import { checkInit } from '../src/router-init.ts'
import type { SourceInit, WantRouterInit } from '../src/index.ts'

const refused = (init: object): Chai.Assertion => expect(() => wantRouter({ targets: [], ...init } as WantRouterInit)).to.throw().with.property('message')
const refusedSource = (init: object): Chai.Assertion => expect(() => source({ get: () => undefined }, { id: 'store', ...init } as SourceInit)).to.throw().with.property('message')

describe('wantRouter: options that are invalid are refused, and the message names them', () => {
  it('limits that are no number, negative, or fractions', () => {
    for (const value of [NaN, -1, 1.5, Infinity, 0]) {
      refused({ limits: { wantsPerClient: value } }).that.equals(`limits.wantsPerClient is a whole number above 0, not ${value}`)
    }
    refused({ limits: { unsent: '64MiB' } }).that.equals('limits.unsent is a whole number above 0, not the string "64MiB"')
    refused({ limits: { minHedge: -1 } }).that.equals('limits.minHedge is a whole number, 0 or more, not -1')
    refused({ limits: { hedgeShare: 5 } }).that.equals('limits.hedgeShare is a share, from 0 to 1, not 5')
    refused({ reverse: { limits: { tries: 0.5 } } }).that.equals('reverse.limits.tries is a whole number above 0, not 0.5')
    refused({ networkLimits: { upstream: { maxLanes: 0 } } }).that.equals('networkLimits.upstream.maxLanes is a whole number above 0, not 0')
    refused({ networkLimits: { downstream: { greetings: NaN } } }).that.equals('networkLimits.downstream.greetings is a whole number, 0 or more, not NaN')
  })

  it('names that do not exist', () => {
    refused({ limits: { wantsPerPeer: 10 } }).that.equals('limits.wantsPerPeer does not exist: did you mean wantsPerMember?')
    refused({ networkLimits: { maxLanes: 1 } }).that.equals('networkLimits.maxLanes does not exist: there are upstream, downstream')
    refused({ networkLimits: { upstream: { lanes: 1 } } }).that.matches(/^networkLimits\.upstream\.lanes does not exist: /)
    refused({ stratgy: () => {} }).that.equals('wantRouter: stratgy does not exist: did you mean strategy?')
    refused({ reverse: { member: 'connected' } }).that.equals('reverse.member does not exist: did you mean members?')
    refused({ limits: [] }).that.equals('limits is an object, not a list')
    refused({ limits: 5 }).that.equals('limits is an object, not the number 5')
  })

  it('and so are those of a source', () => {
    refusedSource({ concurency: 1 }).that.equals('source "store": concurency does not exist: did you mean concurrency?')
    refusedSource({ capacity: { want: 4 } }).that.equals('source "store": capacity.want does not exist: did you mean wants?')
    refusedSource({ capacity: { wants: -4 } }).that.equals('source "store": capacity.wants is a whole number above 0, not -4')
    refusedSource({ capacity: 4 }).that.equals('source "store": capacity is an object, not the number 4')
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
