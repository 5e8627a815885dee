import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { peers } from '../../src/discovery/static.ts'
import { defaultStrategy, roundRobin, source, wantRouter } from '../../src/index.ts'
import { bench } from '../engine/harness.ts'
import type { WantRouterInit } from '../../src/index.ts'

describe('options that a router refuses, with a sentence that says why', () => {
  const memory = { get: (): undefined => undefined }
  const target = source(memory, { id: 'memory' })

  const refused: Record<string, [unknown, RegExp]> = {
    'an address': [{ targets: ['/ip4/127.0.0.1/tcp/4001'] }, /^targets\[0\] is not a target, but the address "\/ip4\/127.0.0.1\/tcp\/4001": write peers\(.+kubo\(/],
    'a multiaddr': [{ targets: [target, multiaddr('/ip4/127.0.0.1/tcp/4001')] }, /^targets\[1\] is not a target, but the address "\/ip4/],
    'a URL': [{ targets: [new URL('http://127.0.0.1:5001')] }, /the address "http:\/\/127.0.0.1:5001\/"/],
    'a bare source': [{ targets: [memory] }, /but a source: write source\(it, \{ id: '…' \}\)/],
    'a function': [{ targets: [peers] }, /but a function$/],
    'a promise': [{ targets: [Promise.resolve(target)] }, /but a promise: await it/],
    nothing: [{ targets: [undefined] }, /but undefined/],
    'a target without an id': [{ targets: [{ create () {} }] }, /without an id/],
    'targets that are not a list': [{ targets: target }, /^targets must be a list/],
    'a strategy as text': [{ targets: [target], strategy: 'round-robin' }, /not the string "round-robin": write parseStrategy\('round-robin'\)/],
    'a strategy itself': [{ targets: [target], strategy: { rank () {}, update () {} } }, /the strategy itself: write \(\) => strategy/],
    'a strategy of another kind': [{ targets: [target], strategy: null }, /not null/]
  }

  for (const [what, [init, why]] of Object.entries(refused)) {
    it(`${what}`, () => {
      expect(() => wantRouter(init as WantRouterInit)).to.throw(why).with.property('name', 'InvalidOptionError')
    })
  }

  it('a factory that was not called', () => {
    expect(() => bench({ strategy: roundRobin as never })).to.throw(/makes a function: write roundRobin\(\), not roundRobin/).with.property('name', 'InvalidOptionError')
    bench({ strategy: defaultStrategy() })
  })
})
