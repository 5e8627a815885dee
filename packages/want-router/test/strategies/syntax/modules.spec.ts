import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { InvalidOptionError } from '../../../src/errors.ts'
import { loadStrategy, modulesIn } from '../../../src/strategies/syntax/modules.ts'
import { fakeEnv, fakeMembers, fakeWant, ranking } from '../../../src/testing/index.ts'

const LAST_FIRST = `env => {
  let members = []
  return {
    update (changed) { members = changed.toReversed() },
    * rank () { yield * members }
  }
}`

describe('strategy modules', () => {
  let folder: string

  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'kitsune-modules-')) })
  afterEach(() => { rmSync(folder, { recursive: true, force: true }) })

  function write (name: string, text: string): void {
    writeFileSync(join(folder, name), text)
  }

  /** How the strategy of an expression ranks three members. */
  async function ranks (expression: string): Promise<string[]> {
    const strategy = (await loadStrategy(expression, { folder }))(fakeEnv())
    strategy.update(fakeMembers(3))

    return ranking(strategy, fakeWant('key'))
  }

  it('are the words that start or end as a path does', () => {
    expect(modulesIn('bounded-load(presence(./a.js, x), 1.25)')).to.deep.equal(['./a.js'])
    expect(modulesIn('tiers(../b.mjs), /c/d ,e.ts, f.mts')).to.deep.equal(['../b.mjs', '/c/d', 'e.ts', 'f.mts'])
    expect(modulesIn('bounded-load(rendezvous, 1.25)')).to.deep.equal([])
  })

  it('stand for the strategy that they export', async () => {
    write('last-first.mjs', `export const strategy = ${LAST_FIRST}`)

    expect(await ranks('./last-first.mjs')).to.deep.equal(['member-2', 'member-1', 'member-0'])
    expect(await ranks('last-first.mjs')).to.deep.equal(['member-2', 'member-1', 'member-0'])
    expect(await ranks(join(folder, 'last-first.mjs'))).to.deep.equal(['member-2', 'member-1', 'member-0'])
  })

  it('may be written in TypeScript', async () => {
    write('typed.mts', `type Factory = (env: unknown) => unknown\nexport const strategy: Factory = ${LAST_FIRST}`)

    expect(await ranks('./typed.mts')).to.deep.equal(['member-2', 'member-1', 'member-0'])
  })

  it('may be wrapped, like any other', async () => {
    write('last-first.mjs', `export const strategy = ${LAST_FIRST}`)

    expect(await ranks('bounded-load(./last-first.mjs, 2)')).to.deep.equal(['member-2', 'member-1', 'member-0'])
  })

  it('may wrap others themselves', async () => {
    write('reversed.mjs', `export const strategy = {
      wraps: 1,
      make: ([inner]) => env => {
        const strategy = inner(env)
        return { update: members => strategy.update(members), * rank (want) { yield * [...strategy.rank(want)].reverse() } }
      }
    }`)
    const straight = await ranks('rendezvous')

    expect(await ranks('./reversed.mjs(rendezvous)')).to.deep.equal(straight.toReversed())
    await expect(loadStrategy('./reversed.mjs', { folder })).to.eventually.be.rejectedWith(InvalidOptionError, './reversed.mjs is written ./reversed.mjs(strategy)')
  })

  const mistakes: Record<string, [text: string | undefined, says: RegExp]> = {
    'is not there': [undefined, /^strategy: \.\/mine\.mjs cannot be imported: Cannot find module '.*mine\.mjs'$/],
    'does not compile': ['export const', /^strategy: \.\/mine\.mjs cannot be imported: /],
    'exports nothing': ['export const mine = 1', /^strategy: \.\/mine\.mjs exports nothing called "strategy": export const strategy = env => /],
    'exports no function': ['export const strategy = 1', /^strategy: \.\/mine\.mjs exports something else called "strategy"/],
    'exports what makes factories': [`export const strategy = zone => ${LAST_FIRST}`, /^strategy: "strategy" of \.\/mine\.mjs makes strategy factories, but is not one/],
    'makes something else': ['export const strategy = () => ({})', /^strategy: "strategy" of \.\/mine\.mjs does not return an object with update and rank$/],
    throws: ['export const strategy = () => { throw new Error("no zone") }', /^strategy: the strategy of \.\/mine\.mjs cannot be made: no zone$/]
  }

  for (const [mistake, [text, says]] of Object.entries(mistakes)) {
    // eslint-disable-next-line no-loop-func
    it(`are refused with the reason if one ${mistake}`, async () => {
      if (text != null) {
        write('mine.mjs', text)
      }

      await expect(loadStrategy('./mine.mjs', { folder })).to.eventually.be.rejectedWith(InvalidOptionError, says)
    })
  }
})
