import { expect } from 'aegir/chai'
import { createWorkShares } from '../src/work-shares.ts'
import type { Task, WorkShares } from '../src/work-shares.ts'

/** A task to which a test gives pieces. */
interface FakeTask extends Task {
  readonly name: string
  pieces: number
  /** How long a piece takes, ms. */
  takes: number
  weight: number
}

describe('work shares', () => {
  let time: number
  let next: Array<() => void>
  let shares: WorkShares
  /** The name of the task that each piece belonged to, tick by tick. */
  let ticks: string[]

  beforeEach(() => {
    time = 0
    next = []
    ticks = ['']
    shares = createWorkShares({ weight: 10, time: 4, total: 8, now: () => time, defer: run => { next.push(run) } })
  })

  function task (name: string, { pieces = 0, takes = 0, weight = 1, metered = true } = {}): FakeTask {
    return {
      name,
      metered,
      pieces,
      takes,
      weight,
      step () {
        if (this.pieces === 0) {
          return 0
        }

        this.pieces--
        time += this.takes
        ticks[ticks.length - 1] += name

        return this.weight
      },
      idle () { ticks[ticks.length - 1] += '.' },
      failed (err) { throw err }
    }
  }

  /** Ends a pass of the event loop, and begins the next one. */
  function tick (): void {
    ticks.push('')
    next.splice(0).forEach(run => { run() })
  }

  function finish (): string[] {
    while (next.length > 0) {
      tick()
    }

    return ticks.filter(worked => worked !== '')
  }

  it('do as many pieces at once as the share of one tick allows', () => {
    expect(shares.ready(task('a', { pieces: 9 }))).to.equal(false)
    expect(ticks).to.deep.equal(['aaaaaaaaa'])
  })

  it('leave further pieces to the next ticks, in order, and call `idle` when they are done', () => {
    expect(shares.ready(task('a', { pieces: 25 }))).to.equal(true)
    expect(finish()).to.deep.equal(['aaaaaaaaaa', 'aaaaaaaaaa', 'aaaaa.'])
  })

  it('are also limited by time, and do at least one piece', () => {
    shares.ready(task('a', { pieces: 3, takes: 3 }))
    shares.ready(task('b', { pieces: 2, takes: 100 }))
    expect(finish()).to.deep.equal(['aab', 'a.b', '.'])
  })

  it('count a heavy piece as several', () => {
    shares.ready(task('a', { pieces: 5, weight: 5 }))
    expect(finish()).to.deep.equal(['aa', 'aa', 'a.'])
  })

  it('let pieces wait that arrive in a tick in which their task has had its share', () => {
    const a = task('a', { pieces: 10 })
    shares.ready(a)
    a.pieces = 5
    expect(shares.ready(a)).to.equal(true)
    expect(finish()).to.deep.equal(['aaaaaaaaaa', 'aaaaa.'])
  })

  it('bound the work of all tasks in a tick', () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      shares.ready(task(name, { pieces: 1, takes: 4 }))
    }

    expect(finish()).to.deep.equal(['ab', 'cd', '....'])
  })

  it('serve the task first that has had least lately, however many others are greedy', () => {
    const greedy = ['a', 'b', 'c', 'd', 'e', 'f'].map(name => task(name, { pieces: 100, takes: 4 }))
    greedy.forEach(each => { shares.ready(each) })

    for (let i = 0; i < 6; i++) {
      tick()
    }

    const modest = task('m', { pieces: 1, takes: 1 })
    // no time is left in this tick
    expect(shares.ready(modest)).to.equal(true)
    tick()

    expect(ticks.at(-1)).to.match(/^m\./)
    // all greedy ones have had the same
    const had = greedy.map(({ pieces }) => pieces)
    expect(Math.max(...had) - Math.min(...had)).to.be.at.most(1)
  })

  it('forget after a second how much a task has had', () => {
    const a = task('a', { pieces: 4, takes: 4 })
    shares.ready(a)
    finish()
    time += 1000
    const [b, c] = [task('b', { pieces: 9, takes: 4 }), task('c', { pieces: 9, takes: 4 })]
    shares.ready(b)
    shares.ready(c)
    a.pieces = 1
    shares.ready(a)
    tick()

    expect(ticks.at(-1)).to.match(/^a/)
  })

  it('serve answers to this process beside the requests of peers, and requests beside many answers', () => {
    const answers = ['x', 'y', 'z'].map(name => task(name, { pieces: 20, takes: 4, metered: false }))
    const requests = ['a', 'b', 'c'].map(name => task(name, { pieces: 20, takes: 4 }))
    ;[...requests, ...answers].forEach(each => { shares.ready(each) })
    tick()

    expect(ticks.at(-1)).to.have.lengthOf(4)
    expect(ticks.at(-1)).to.match(/^[xyz]{2}[abc]{2}$/)
  })

  it('run no task that was dropped, and none that has failed', () => {
    const errors: Error[] = []
    const a = task('a', { pieces: 20 })
    const b = { ...task('b'), step () { throw new Error('broken') }, failed (err: Error) { errors.push(err) } }
    shares.ready(a)
    shares.drop(a)
    shares.ready(b)
    finish()

    expect(ticks[0]).to.equal('aaaaaaaaaa')
    expect(errors.map(({ message }) => message)).to.deep.equal(['broken'])
    expect(shares.waiting).to.equal(0)
    expect(a.pieces).to.equal(10)
  })
})
