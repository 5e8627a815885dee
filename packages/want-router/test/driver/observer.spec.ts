import { defaultLogger } from '@libp2p/logger'
import { expect } from 'aegir/chai'
import { createDriver } from '../../src/driver/driver.ts'
import { createObserver } from '../../src/driver/observer.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { entry, inOrder, testBlock } from '../engine/harness.ts'
import type { Driver } from '../../src/driver/driver.ts'
import type { MemberStatus } from '../../src/engine/status.ts'
import type { RouterEvent } from '../../src/index.ts'
import type { Sink } from '../../src/targets/target.ts'
import type { Timers } from '../../src/timers.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { Logger } from '@libp2p/interface'

interface Rig {
  readonly drive: Driver
  readonly events: RouterEvent[]
  readonly asked: Array<{ member: string, key: WantKey }>
  readonly sinks: Record<string, Sink>
  /** Passes time in seconds, each with its tick. */
  pass (seconds: number): void
  want (n: number): void
}

async function rig (members: string[], onEvent?: (event: RouterEvent) => void): Promise<Rig> {
  let now = 0
  let pending: Array<() => void> = []
  const timers = new Set<{ at: number, run (): void }>()
  const clock: Timers = {
    now: () => now,
    endOfTick (run) { pending.push(run) },
    after (ms, run) {
      const timer = { at: now + ms, run }
      timers.add(timer)

      return () => { timers.delete(timer) }
    }
  }
  const events: RouterEvent[] = []
  const asked: Rig['asked'] = []
  const sinks: Record<string, Sink> = {}
  const drive = createDriver({
    engine: createEngine({ members: members.map(id => ({ id })), strategy: inOrder, now: clock.now, randomSeed: 1, seed: 0 }),
    timers: clock,
    upstream: { wake () {}, disconnect () {} },
    log: defaultLogger().forComponent('test'),
    onEvent: onEvent ?? (event => { events.push(event) })
  })

  for (const member of members) {
    await drive.start(member, {
      start (sink) { sinks[member] = sink },
      stop () {},
      ask (wants) { asked.push(...wants.map(({ key }) => ({ member, key }))) },
      cancel () {}
    })
  }

  function tick (): void {
    const runs = pending
    pending = []
    runs.forEach(run => { run() })
  }

  return {
    drive,
    events,
    asked,
    sinks,
    pass (seconds) {
      tick()

      for (let i = 0; i < seconds; i++) {
        now += 1000

        for (const timer of timers) {
          if (timer.at <= now) {
            timers.delete(timer)
            timer.run()
          }
        }

        tick()
      }
    },
    want (n) {
      drive.message(`p${n}`, { wants: [entry(testBlock(n))], full: false })
      tick()
    }
  }
}

describe('observer', () => {
  it('reports when a member goes up and down, and why', async () => {
    const { sinks, events, pass } = await rig(['a', 'b'])
    sinks.a.up()
    pass(0)
    sinks.a.down(new Error('the cable was cut'))
    pass(0)
    expect(events).to.deep.equal([
      { type: 'member', member: 'a', state: 'up', before: 'down' },
      { type: 'member', member: 'a', state: 'down', before: 'up', why: 'the cable was cut' }
    ])
  })

  it('reports why a member has never been up, once for each reason', async () => {
    const { sinks, events, drive } = await rig(['a'])
    sinks.a.down(new Error('refused'))
    sinks.a.down(new Error('refused'))
    sinks.a.down(new Error('no route'))
    expect(events).to.deep.equal(['refused', 'no route'].map(why => ({ type: 'member', member: 'a', state: 'down', before: 'down', why })))
    expect(drive.seen('a').lastError).to.have.property('message', 'no route')
  })

  it('reports each failure of a member, and that it was ejected and readmitted', async () => {
    const { sinks, events, asked, want, pass, drive } = await rig(['a', 'b'])
    sinks.a.up()
    sinks.b.up()
    pass(0)
    events.length = 0

    for (let i = 0; i < 5; i++) {
      want(i)
      const key = asked.findLast(({ member }) => member === 'a')?.key ?? ''
      sinks.a.answer(key, 'failed', new Error(`EIO ${i}`))
      pass(0)
    }

    expect(events.filter(({ type }) => type === 'member-error').map(event => 'error' in event ? event.error.message : ''))
      .to.deep.equal([0, 1, 2, 3, 4].map(i => `EIO ${i}`))
    expect(events.filter(({ type }) => type === 'member')).to.deep.equal([
      { type: 'member', member: 'a', state: 'ejected', before: 'up', why: 'EIO 4' }
    ])
    expect(drive.seen('a').lastError).to.have.property('message', 'EIO 4')

    // no client waits for member b any longer
    for (let i = 0; i < 5; i++) {
      drive.gone(`p${i}`)
    }

    events.length = 0
    pass(40)
    expect(events).to.deep.equal([{ type: 'member', member: 'a', state: 'up', before: 'ejected' }])
    // the last failure stays, however long ago it was
    expect(drive.seen('a').lastError).to.have.property('message', 'EIO 4')
  })

  it('reports a failure without a reason, too', async () => {
    const { sinks, events, asked, want } = await rig(['a'])
    sinks.a.up()
    want(1)
    sinks.a.answer(asked[0]?.key ?? '', 'failed')
    expect(events.at(-1)).to.have.nested.property('error.message').that.is.a('string')
  })

  it('reports and logs errors that fail no want at intervals, and logs others at intervals', () => {
    let now = 0
    const lines: string[] = []
    const events: RouterEvent[] = []
    const log = Object.assign(() => {}, { error: (format: string, ...args: unknown[]) => { lines.push([format, ...args].join(' | ')) } })
    const observer = createObserver({
      members: [{ id: 'a', state: 'up' }] as unknown as readonly MemberStatus[],
      onEvent: event => { events.push(event) },
      log: log as unknown as Logger,
      now: () => now
    })

    for (let i = 0; i < 100; i++) {
      observer.reported('a', new Error(`full ${i}`))
      observer.failed('a', new Error(`EIO ${i}`))
    }

    expect(lines).to.have.lengthOf(2)
    expect(events.filter(event => event.type === 'member-error' && event.error.message.startsWith('full'))).to.have.lengthOf(1)
    expect(events.filter(event => event.type === 'member-error' && event.error.message.startsWith('EIO'))).to.have.lengthOf(100)
    expect(observer.seen('a').lastError).to.deep.equal({ message: 'EIO 99', at: 0 })
    now = 10_000
    observer.reported('a', new Error('full'))
    expect(lines[2]).to.include('(and 99 more').and.to.include('Error: full')
    expect(events.at(-1)).to.have.nested.property('error.message', 'full')
  })

  it('reports that it drains', async () => {
    const { drive, events } = await rig(['a'])
    const signal = AbortSignal.abort()
    await drive.drain(0, signal)
    expect(events).to.deep.equal([{ type: 'draining' }])
  })

  it('survives a listener that throws', async () => {
    const { sinks, asked, want } = await rig(['a'], () => { throw new Error('of the listener') })
    sinks.a.up()
    want(1)
    expect(asked).to.have.lengthOf(1)
  })
})
