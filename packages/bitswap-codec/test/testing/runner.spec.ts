import { expect } from 'aegir/chai'
import { NoTestRunnerError } from '../../src/testing/errors.ts'
import { runTests, skipReason } from '../../src/testing/runner.ts'
import type { LawTest, TestRunner } from '../../src/testing/runner.ts'

function law (id: string, skipped?: string, check: LawTest['check'] = () => {}): LawTest {
  return { id, title: `demands ${id}`, skipped, check }
}

/** A runner that records its arguments. */
function recordingRunner (): TestRunner & { readonly titles: string[], readonly bodies: Array<(this: unknown) => void | Promise<void>>, readonly timeouts: unknown[] } {
  const titles: string[] = []
  const bodies: Array<() => void | Promise<void>> = []
  const timeouts: unknown[] = []

  return {
    titles,
    bodies,
    timeouts,
    describe (title, body) {
      titles.push(title)
      body()
    },
    it: Object.assign((title: string, body: () => void | Promise<void>, timeout?: number) => {
      titles.push(title)
      bodies.push(body)
      timeouts.push(timeout)
    }, { skip: (title: string) => { titles.push(`- ${title}`) } })
  }
}

describe('runTests', () => {
  it('passes each law to the runner, with the reason if it is skipped', () => {
    const runner = recordingRunner()
    runTests('mine', [law('a'), law('b', 'begins anywhere')], runner)

    expect(runner.titles).to.deep.equal(['mine', 'a: demands a', '- b: demands b (skipped: begins anywhere)'])
  })

  it('asks for more time than runners give by default', () => {
    const runner = recordingRunner()
    runTests('mine', [law('a')], runner)
    // as mocha does
    void runner.bodies[0].call({ timeout: (ms: number) => { runner.timeouts.push(ms) } })

    expect(runner.timeouts).to.deep.equal([60_000, 60_000])
  })

  it('lets a broken law fail its test, at once or later', async () => {
    const runner = recordingRunner()
    runTests('mine', [law('a', undefined, () => { throw new Error('at once') }), law('b', undefined, async () => { throw new Error('later') })], runner)

    expect(() => runner.bodies[0].call(undefined)).to.throw('at once')
    await expect(runner.bodies[1].call(undefined)).to.eventually.be.rejectedWith('later')
  })

  it('says what to do if there is no test runner', () => {
    const { describe } = globalThis
    Reflect.deleteProperty(globalThis, 'describe')

    try {
      expect(() => { runTests('mine', [], undefined) }).to.throw(NoTestRunnerError, '"mine": there are no global describe and it; import them from the test runner and pass { test: { describe, it } }')
    } finally {
      globalThis.describe = describe
    }
  })
})

describe('skipReason', () => {
  it('is the reason given, or a general one for false', () => {
    expect([undefined, true, false, 'it takes turns'].map(skipReason)).to.deep.equal([undefined, undefined, 'does not apply', 'it takes turns'])
  })
})
