import { leastLoaded, rendezvous, roundRobin } from '@kitsune/want-router'
import { contentBlock, contentBlockKey } from '../world/content.ts'
import { connectReader } from '../world/reader.ts'
import { createWorld } from '../world/world.ts'
import { block } from './blocks.ts'
import { expectNothing } from './endings.ts'
import { broken } from './laws.ts'
import type { Block } from './blocks.ts'
import type { Stage } from './history.ts'
import type { ClientLink } from '../world/world.ts'
import type { Sink, Target, TargetWant } from '@kitsune/want-router'

// bytes that a turn brings a peer, and a block that the next turn begins with
const TURN = 64 << 10

interface Reader {
  readonly id: string
  readonly link: ClientLink
  /** What it waits for. */
  readonly missing: Set<string>
  served: number
}

/**
 * Honest members with too little room, and peers that want more than there is:
 * some want much more, some come later, some do not read. As long as two that
 * read both wait, what they were served since the later one came differs by
 * little: two turns, and what is on its way.
 */
export function fairHistory (stage: Stage): void {
  const { clock, trace, seed } = stage
  const { chance, int, pick } = stage.dice
  const size = pick([8 << 10, 16 << 10, 64 << 10])
  const expectedBlock = pick([size, 256 << 10])
  const wantsPerMember = int(1, 6)
  const latency = int(1, 50)
  const memberCount = int(1, 3)
  // what is on its way, and what a peer loses that pays for larger blocks until its own are known
  const slack = 2 * memberCount * wantsPerMember * size + 8 * (expectedBlock - size)
  const most = 2 * (TURN + size) + slack
  const modest = Math.ceil(2 * most / size)
  const readers: Reader[] = []
  let blocks = 0
  trace.act(() => `fair: blocks of ${size}, ${memberCount} members with ${wantsPerMember} wants each and ${latency} ms, at most ${most} bytes apart, ${modest} wants for the modest`)

  const world = createWorld({
    seed,
    clock,
    strategy: pick([roundRobin, rendezvous, leastLoaded])(),
    limits: { wantsPerMember, wantsPerClient: 100_000, expectedBlock },
    members: Array.from({ length: memberCount }, (_, i) => ({
      id: `m${i}`,
      create: () => honestMember(size, act => { clock.after(latency, act) })
    })),
    engine: init => stage.engine(init)
  })
  const start = clock.now()
  const atOnce = chance(0.5)
  let peers = 0

  /** For each pair what one had been served more than the other when the later one came. */
  const ahead = new Map<string, number>()

  function join (): void {
    const id = `p${peers++}`
    if (chance(0.2)) {
      want(world.connect(id, { wake () {} }), modest)
      trace.act(() => `${id} does not read`)
      return
    }
    const missing = new Set<string>()
    const reader: Reader = {
      id,
      missing,
      served: 0,
      link: connectReader(world, id, {
        atOnce,
        received ({ blocks = [] }) {
          for (const { data } of blocks) {
            reader.served += data.byteLength
            missing.delete(contentBlockKey(data) ?? '')
          }
        }
      })
    }
    for (const other of readers) {
      ahead.set(`${other.id} ${id}`, other.served)
    }
    readers.push(reader)
    for (const { key } of want(reader.link, chance(0.3) ? modest * 4 : modest)) {
      missing.add(key)
    }
  }

  function want (link: ClientLink, count: number): Block[] {
    const wanted = Array.from({ length: count }, () => block(++blocks, size))
    link.send(wanted.map(({ cids: [cid] }, i) => ({ cid, wantType: 'block', priority: count - i, cancel: false, sendDontHave: true })))
    return wanted
  }

  function compare (): void {
    for (const [i, later] of readers.entries()) {
      for (const earlier of readers.slice(0, i)) {
        const apart = earlier.served - (ahead.get(`${earlier.id} ${later.id}`) ?? 0) - later.served
        if (earlier.missing.size > 0 && later.missing.size > 0 && Math.abs(apart) > most) {
          broken('fairness', `since ${later.id} came ${earlier.id} was served ${apart} bytes more than that, and both wait: at most ${most} were to be`)
        }
      }
    }
  }

  // what was wanted before anybody could be asked has its turns as well
  if (chance(0.7)) {
    clock.pass(latency)
  }
  join()
  join()
  while (readers.some(({ missing }) => missing.size > 0) || readers.length < 2) {
    stage.step++
    if (peers < 6 && chance(0.02)) {
      join()
    }
    clock.pass(latency / 2)
    compare()
    if (clock.now() - start > 3_600_000) {
      const [late] = readers.filter(({ missing }) => missing.size > 0)
      broken('lost', `${late.id} still waits for ${late.missing.size} blocks after an hour`)
    }
    if (readers.length < 2 && stage.step > 1000) {
      join()
    }
  }
  for (const { link } of readers) {
    link.leave()
  }
  for (let n = 0; n < peers; n++) {
    world.driver.gone(`p${n}`)
  }
  expectNothing(stage)
}

/** Has everything, and takes as long for each. */
function honestMember (size: number, later: (act: () => void) => void): Target {
  let sink: Sink | undefined
  const open = new Set<string>()

  function serve ({ key, cid }: TargetWant): void {
    if (open.delete(key)) {
      void sink?.block(cid, contentBlock(key, size))
    }
  }

  return {
    start (started) {
      sink = started
      later(() => { started.up() })
    },
    stop () {},
    ask (wants) {
      for (const want of wants) {
        open.add(want.key)
        later(() => { serve(want) })
      }
    },
    cancel (wants) {
      for (const { key } of wants) {
        open.delete(key)
      }
    }
  }
}
