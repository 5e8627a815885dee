import { expect } from 'aegir/chai'
import { LawBrokenError } from '../../src/testing/index.ts'
import { targetLaws, targetTests } from '../../src/testing/target-tests.ts'
import { BROKEN, good, patient } from './broken-targets.ts'
import type { TargetSubject } from '../../src/testing/target-laws/bench.ts'
import type { TargetLaw } from '../../src/testing/target-tests.ts'

const QUICK = { timeout: 50, quiet: 5 }

/** The message of the law; undefined if the target keeps it. */
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

  it('are each broken by a target of the list', () => {
    expect(new Set(BROKEN.map(({ law }) => law))).to.deep.equal(new Set(targetLaws(good).map(({ id }) => id)))
  })

  for (const { law, what, says, make } of BROKEN) {
    it(`${law} catches a target that ${what}`, async () => {
      expect(await verdict(law, make)).to.match(says)
    })
  }

  it('ask for what they need from the subject, or for a reason', async () => {
    const { cut, ...rest } = await good()

    expect(await verdict('down', async () => rest)).to.equal("the subject has no cut; give it one, or a reason: { laws: { \"down\": 'why it does not apply' } }")
  })

  it('clean up the target, whether the law holds or not', async () => {
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
  it('gives the test runner each law, and the reason for each that is skipped', async () => {
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
    expect(titles).to.include('- down: goes down when it is cut off, tolerates wants meanwhile, and serves again afterwards (skipped: it is never down)')
    await expect(bodies[0]()).to.eventually.be.rejectedWith(LawBrokenError)
  })
})
