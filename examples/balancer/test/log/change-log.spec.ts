import { expect } from 'aegir/chai'
import { createChangeLog } from '../../src/log/change-log.ts'
import { createLog } from '../../src/log/log.ts'
import type { ChangeLog } from '../../src/log/change-log.ts'
import type { RouterEvent } from '@kitsune/want-router'

const MINUTE = 60_000

interface Rig {
  readonly changes: ChangeLog
  /** The lines since the last call, without the time. */
  logged (): string[]
  pass (ms: number): void
}

function rig (): Rig {
  let now = 0
  const lines: string[] = []
  const timers = new Set<{ at: number, run (): void }>()

  return {
    changes: createChangeLog({
      log: createLog({ level: 'debug', format: 'text', write: line => { lines.push(line.slice(line.indexOf(' ') + 1)) } }),
      whereIs: member => member === 'a' ? { peer: '12D3KooWa', address: '/ip4/10.0.0.1/tcp/4001' } : {},
      after (ms, run) {
        const timer = { at: now + ms, run }
        timers.add(timer)

        return () => { timers.delete(timer) }
      }
    }),
    logged: () => lines.splice(0),
    pass (ms) {
      now += ms

      for (const timer of timers) {
        if (timer.at <= now) {
          timers.delete(timer)
          timer.run()
        }
      }
    }
  }
}

const up = (member: string): RouterEvent => ({ type: 'member', member, state: 'up', before: 'down' })
const down = (member: string, why = 'reset'): RouterEvent => ({ type: 'member', member, state: 'down', before: 'up', why })
const failure = (member: string, message: string): RouterEvent => ({ type: 'member-error', member, error: new Error(message) })

describe('the log of changes', () => {
  it('has one line for each change, with the reason', () => {
    const { changes, logged } = rig()
    const events: RouterEvent[] = [
      up('a'),
      down('a', 'the connection was reset'),
      up('b'),
      { type: 'member', member: 'b', state: 'ejected', before: 'up', why: 'does not answer in time' },
      { type: 'member', member: 'b', state: 'up', before: 'ejected' },
      { type: 'member', member: 'c', state: 'down', before: 'down', why: 'ECONNREFUSED' },
      failure('disk', 'EIO'),
      { type: 'strategy-error', method: 'rank', error: new Error('no such zone') },
      { type: 'policy-error', policy: 'denylist', method: 'admit', error: new Error('no list') },
      { type: 'draining' }
    ]
    events.forEach(event => { changes.event(event) })

    expect(logged()).to.deep.equal([
      'info  node a is up: peer 12D3KooWa at /ip4/10.0.0.1/tcp/4001',
      'warn  node a is down: the connection was reset',
      'info  node b is up',
      'warn  node b is ejected: does not answer in time',
      'info  node b is readmitted',
      'warn  node c is down: ECONNREFUSED',
      'warn  node disk failed: EIO',
      'error the strategy threw in rank, so nodes are asked in the order of the configuration: no such zone',
      'error the policy denylist failed in admit: no list',
      'info  draining: refusing new clients'
    ])
  })

  it('has a line when readiness changes', () => {
    const { changes, logged } = rig()

    for (const reason of ['no downstream node is up', 'no downstream node is up', undefined, undefined, 'full', undefined, 'draining', 'draining']) {
      changes.readiness(reason)
    }

    expect(logged()).to.deep.equal(['warn  not ready: no downstream node is up', 'info  ready', 'warn  not ready: full', 'info  ready'])
  })

  it('is not flooded by a node that keeps disconnecting, and ends with the true state', () => {
    const { changes, logged, pass } = rig()

    for (let i = 0; i < 1000; i++) {
      changes.event(down('a', `reset ${i}`))
      changes.event(up('a'))
    }

    expect(logged()).to.have.lengthOf(6)
    // lines about another node are not held back
    changes.event(down('b'))
    expect(logged()).to.deep.equal(['warn  node b is down: reset'])

    changes.event(down('a', 'the end'))
    pass(MINUTE)
    expect(logged()).to.deep.equal(['warn  node a is down: the end (1994 earlier lines about it were left out)'])

    pass(MINUTE)
    changes.event(up('a'))
    expect(logged()).to.deep.equal(['info  node a is up: peer 12D3KooWa at /ip4/10.0.0.1/tcp/4001'])
  })

  it('has the first error at once, and then the last one of each minute', () => {
    const { changes, logged, pass } = rig()

    for (let minute = 0; minute < 3; minute++) {
      for (let i = 0; i < 100; i++) {
        changes.event(failure('disk', `EIO ${minute}.${i}`))
      }

      pass(MINUTE)
    }

    expect(logged()).to.deep.equal([
      'warn  node disk failed: EIO 0.0',
      'warn  node disk failed: EIO 0.99 (98 earlier lines about it were left out)',
      'warn  node disk failed: EIO 1.99 (99 earlier lines about it were left out)',
      'warn  node disk failed: EIO 2.99 (99 earlier lines about it were left out)'
    ])
  })

  it('loses nothing at the end', () => {
    const { changes, logged, pass } = rig()
    changes.event(failure('disk', 'first'))
    changes.event(failure('disk', 'last'))
    logged()
    changes.close()

    expect(logged()).to.deep.equal(['warn  node disk failed: last'])
    pass(MINUTE)
    expect(logged()).to.be.empty()
  })
})
