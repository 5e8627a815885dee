import { kuboRefs } from '@kitsune/preload/node'
import { expect } from 'aegir/chai'
import { startJsIpfs } from '../../src/js-ipfs.ts'
import { needJsIpfs } from '../../src/needs.ts'
import { stack } from '../../src/stack.ts'
import { poll } from '../../src/until.ts'
import { ENDS, startRawKubo } from '../support/raw-kubo.ts'
import { startRefsServer } from '../support/refs-server.ts'
import type { JsIpfs } from '../../src/js-ipfs.ts'
import type { LateErrors } from '@kitsune/preload'

describe('a member that fails late, for js-ipfs', function () {
  this.timeout(60_000)

  let modules: string
  const peers = stack()

  before(function () {
    modules = needJsIpfs(this, 'members that fail late')
  })

  afterEach(async () => {
    await peers.stop()
  })

  /** How often each file was preloaded, by its path, and how that ended. */
  const preloadAll = async (lateErrors: LateErrors): Promise<Array<readonly [string, number]>> => {
    const asked = new Map<string, { readonly end: number, times: number }>()
    let next = 0
    const kubo = await startRawKubo(path => {
      const one = asked.get(path) ?? { end: next, times: 0 }
      one.times++
      asked.set(path, one)

      return ENDS[one.end]
    })
    peers.onStop(kubo.stop)
    const { url, stop } = await startRefsServer({ lateErrors, members: () => [kuboRefs({ url: kubo.url })] })
    peers.onStop(stop)
    const address = `/ip4/127.0.0.1/tcp/${new URL(url).port}/http`
    // the same one twice, since it asks them in any order
    const ipfs: JsIpfs = await startJsIpfs(modules, { preloaders: [address, address] })
    peers.onStop(ipfs.stop)

    for (const [i, { name, complete }] of ENDS.entries()) {
      next = i
      await ipfs.add(new TextEncoder().encode(`${name} ${lateErrors}`))
      await poll(() => [...asked.values()].some(({ end, times }) => end === i && times === (complete ? 1 : 2)), `all preloads for ${name}`, { interval: 5 })
    }

    return [...asked.values()].map(({ end, times }) => [ENDS[end].name, times])
  }

  for (const lateErrors of ['break', 'report'] as const) {
    it(`has it go on to its next preload node, with late errors that ${lateErrors}`, async () => {
      expect(await preloadAll(lateErrors)).to.deep.equal(ENDS.map(({ name, complete }) => [name, complete ? 1 : 2]))
    })
  }
})
