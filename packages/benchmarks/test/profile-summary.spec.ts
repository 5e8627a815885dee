import { expect } from 'aegir/chai'
import { packageOf, printSummary, summarize } from '../src/profile-summary.ts'

describe('profile summary', () => {
  for (const [url, name, owner] of [
    ['file:///r/node_modules/@libp2p/yamux/dist/src/muxer.js', 'f', '@libp2p/yamux'],
    ['file:///r/node_modules/a/node_modules/uint8arraylist/dist/index.js', 'f', 'uint8arraylist'],
    ['file:///r/packages/want-router/dist/src/driver/driver.js', 'f', 'kitsune: want-router'],
    ['file:///r/examples/balancer/dist/src/bin.js', 'f', 'kitsune: balancer'],
    ['node:internal/streams/writable', 'f', 'node'],
    ['', '(garbage collector)', 'garbage collector'],
    ['', 'writev', 'kernel: socket writes'],
    ['', 'update', 'OpenSSL'],
    ['', '(program)', 'native, other'],
    ['wasm://wasm/20831a12', 'wasm-function[11]', 'wasm']
  ]) {
    it(`puts ${url === '' ? name : url} down to ${owner}`, () => {
      expect(packageOf(url, name)).to.equal(owner)
    })
  }

  it('shares the time that was not idle', () => {
    const frame = (id: number, functionName: string, url = ''): { id: number, callFrame: { functionName: string, url: string, lineNumber: number } } => ({
      id, callFrame: { functionName, url, lineNumber: 41 }
    })
    const summary = summarize({
      nodes: [frame(1, '(idle)'), frame(2, 'push', 'file:///r/packages/bitswap-codec/dist/src/frames.js'), frame(3, 'writev')],
      samples: [1, 2, 3, 2],
      // each sample lasts until the next, which says how long that was
      timeDeltas: [0, 5_000, 3_000, 1_000]
    })

    expect(summary.busy).to.equal(0.004)
    expect(summary.packages).to.deep.equal([
      { name: 'kitsune: bitswap-codec', share: 0.75 },
      { name: 'kernel: socket writes', share: 0.25 }
    ])
    expect(printSummary(summary)).to.include('push kitsune: bitswap-codec frames.js:42')
  })
})
