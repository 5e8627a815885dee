import { expect } from 'aegir/chai'
import { LawBrokenError } from '../../src/testing/index.ts'
import { targetLaws, targetTests } from '../../src/testing/target-tests.ts'
import { BROKEN, good, patient } from './broken-targets.ts'
import type { TargetSubject } from '../../src/testing/target-laws/bench.ts'
import type { TargetLaw } from '../../src/testing/target-tests.ts'

const QUICK = { timeout: 50, quiet: 5 }

/** What the law says of the target; undefined if it keeps it. */
async function verdict (law: TargetLaw, make: () => Promise<TargetSubject>): Promise<string | undefined> {
  try {
    await targetLaws(make, QUICK).find(({ id }) => id === law)?.check()
  } catch (err) {
    return (err as Error).message
  }
}

describe('targetLaws', () => {
  it('are kept by a good target', async () => {
    for (const { id } of targetLaws(good)) {
      expect(await verdict(id, good)).to.equal(undefined)
    }

    expect(await verdict('backpressure', patient)).to.equal(undefined)
  })

  it('have a broken target each', () => {
    expect(new Set(BROKEN.map(({ law }) => law))).to.deep.equal(new Set(targetLaws(good).map(({ id }) => id)))
  })

  for (const { law, what, says, make } of BROKEN) {
    it(`${law} catches a target that ${what}`, async () => {
      expect(await verdict(law, make)).to.match(says)
    })
  }

  it('ask for what they need of the subject, or for a reason', async () => {
    const { cut, ...rest } = await good()

    expect(await verdict('down', async () => rest)).to.equal("the subject has no cut; give it one, or a reason: { laws: { \"down\": 'why it does not apply' } }")
  })

  it('put the target away, whatever becomes of the law', async () => {
    const closed: string[] = []

    const make = async (): Promise<TargetSubject> => {
      const subject = await BROKEN[0].make()

      return { ...subject, close () { closed.push('closed') } }
    }

    await verdict('up-first', make)

    expect(closed).to.deep.equal(['closed'])
  })
})

describe('targetTests', () => {
  it('gives each law to the test runner, and the reasons of those that are skipped', async () => {
    const titles: string[] = []
    const bodies: Array<() => void | Promise<void>> = []
    targetTests(BROKEN[0].make, {
      ...QUICK,
      laws: { down: 'it is never down' },
      test: {
        describe (title, body) {
          titles.push(title)
          body()
        },
        it: Object.assign((title: string, body: () => void | Promise<void>) => {
          titles.push(title)
          bodies.push(body)
        }, { skip: (title: string) => { titles.push(`- ${title}`) } })
      }
    })

    expect(titles).to.have.lengthOf(1 + targetLaws(good).length)
    expect(titles).to.include('- down: goes down when it is cut off, tolerates being asked then, and serves again afterwards (skipped: it is never down)')
    await expect(bodies[0]()).to.eventually.be.rejectedWith(LawBrokenError)
  })
})
