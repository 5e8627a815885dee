import { expect } from 'aegir/chai'
import { DEFAULT_LIMITS } from '../../src/defaults.ts'
import { entry, testBlock } from '../engine/harness.ts'
import { message, rig } from './rig.ts'
import type { Rig } from './rig.ts'
import type { MemberStatus } from '../../src/engine/status.ts'
import type { RouterEvent } from '../../src/events.ts'
import type { Capacity, Sink, Target } from '../../src/targets/target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** Capacities that a program without types may report, and the message for each. */
const INVALID: ReadonlyArray<readonly [capacity: unknown, why: string]> = [
  [{ wants: NaN }, 'capacity.wants must be a whole number above 0, not NaN'],
  [{ wants: 0 }, 'capacity.wants must be a whole number above 0, not 0'],
  [{ wants: '16' }, 'capacity.wants must be a whole number above 0, not the string "16"'],
  [{ bytes: -1 }, 'capacity.bytes must be a whole number above 0, not -1'],
  [{ bytes: Infinity }, 'capacity.bytes must be a whole number above 0, not Infinity'],
  [{ standing: 0.5 }, 'capacity.standing must be a whole number, 0 or more, not 0.5'],
  [{ supportsDontHave: 'no' }, 'capacity.supportsDontHave must be true or false, not the string "no"'],
  [{ want: 16 }, 'capacity.want does not exist: did you mean wants?'],
  [16, 'capacity must be an object, not the number 16']
]

interface World extends Rig {
  readonly events: RouterEvent[]
  /** What the member `b` was asked for; `asked` has what `a` was asked for. */
  readonly askedOfB: WantKey[]
  status (id: string): MemberStatus | undefined
  want (n: number): void
}

/** A router whose member `b` is up, and whose member `a` is not up yet. */
async function world (): Promise<World> {
  const events: RouterEvent[] = []
  const askedOfB: WantKey[] = []
  const r = await rig({ onEvent: event => { events.push(event) } })
  const b: Target = {
    start (sink: Sink) { sink.up() },
    stop () {},
    ask (wants) { askedOfB.push(...wants.map(({ key }) => key)) },
    cancel () {}
  }
  r.drive.add({ id: 'b' })
  await r.drive.start('b', b)
  r.timers.tick()

  return Object.assign(r, {
    events,
    askedOfB,
    status: (id: string) => r.engine.status().members.find(member => member.id === id),
    want (n: number) {
      r.drive.message('p', message(entry(testBlock(n))))
      r.timers.tick()
    }
  })
}

describe('driver: what a target reports', () => {
  for (const [capacity, why] of INVALID) {
    it(`takes down only the member that reports ${typeof capacity === 'object' ? Object.entries(capacity ?? {}).join() : String(capacity)} as its capacity, until it reports a valid one`, async () => {
      const { sink, events, drive, status, want, askedOfB, asked } = await world()
      sink.up(capacity as Partial<Capacity>)
      want(1)

      expect(status('a')).to.include({ state: 'down', why: `member "a": ${why}` })
      expect(askedOfB).to.deep.equal([testBlock(1).key])
      const told = events.find(event => event.type === 'member-error')
      expect(told).to.have.property('member', 'a')
      expect(told).to.have.nested.property('error.name', 'InvalidOptionError')
      expect(told).to.have.nested.property('error.message', `member "a": ${why}`)
      expect(drive.seen('a').lastError).to.have.property('message', `member "a": ${why}`)

      sink.up({ wants: 16 })
      want(2)
      expect(status('a')).to.include({ state: 'up' })
      expect(asked.map(({ key }) => key)).to.deep.equal([testBlock(2).key])
    })
  }

  it('takes a member down that was up, and another is asked for what it owes', async () => {
    const { sink, timers, status, want, askedOfB, asked } = await world()
    sink.up()
    want(1)
    expect(asked.map(({ key }) => key)).to.deep.equal([testBlock(1).key])
    expect(askedOfB).to.deep.equal([])

    sink.up({ bytes: NaN })
    timers.tick()
    expect(status('a')).to.include({ state: 'down' })
    expect(askedOfB).to.deep.equal([testBlock(1).key])
  })

  it('leaves the capacity as it is if a number is undefined', async () => {
    const { sink, timers, want, asked } = await world()
    sink.up({ wants: undefined, bytes: undefined, standing: undefined, supportsDontHave: undefined })
    timers.tick()
    want(1)
    expect(asked.map(({ key }) => key)).to.deep.equal([testBlock(1).key])
  })

  it('is ignored for a member that has been removed', async () => {
    const { sink, events, drive } = await world()
    await drive.remove('a')
    events.length = 0
    sink.up({ wants: NaN })
    expect(events).to.deep.equal([])
  })

  it('is ignored as a load or a size if it is not a valid number', async () => {
    const { sink, engine, timers, asked, drive } = await rig()

    const load = (): MemberStatus['load'] & { pending: number } => {
      const [{ load, pendingBytes: pending }] = engine.status().members

      return { ...load, pending }
    }

    sink.up()
    sink.load(7)

    for (const bytes of [NaN, -1, 1.5, Infinity]) {
      sink.load(bytes)
    }

    timers.tick()
    expect(load()).to.deep.equal({ wants: 0, bytes: 0, pending: 7 })

    for (const [n, size] of [NaN, -1, 1.5, (4 << 20) + 1].entries()) {
      const block = testBlock(n)
      drive.message(`p${n}`, message(entry(block, { wantType: 'have' })))
      timers.tick()
      sink.answer(block.key, 'have', undefined, size)
      timers.tick()
      drive.message(`p${n}`, message(entry(block)))
      timers.tick()
      expect(asked.at(-1)).to.include({ key: block.key, type: 'block' })
      // as many as for a block of unknown size
      expect(load()).to.include({ wants: n + 1, bytes: (n + 1) * DEFAULT_LIMITS.expectedBlock })
    }
  })
})
