import { createWorld } from '../world/world.ts'
import { awaitAnswers, expectNothing } from './endings.ts'
import { hostileMember } from './hostile-member.ts'
import { hostilePeer } from './hostile-peer.ts'
import { drawScenario, strategyOf } from './scenario.ts'
import type { Stage } from './history.ts'
import type { HostileMember } from './hostile-member.ts'
import type { WorldAct } from './scenario.ts'
import type { Capacity } from '@kitsune/want-router'

/** Peers and members do their worst for a while; then all are honest, and everything has to heal. */
export function hostileHistory (stage: Stage): void {
  const { clock, trace, seed } = stage
  const { chance, int, pick, weighted } = stage.dice
  const scenario = drawScenario(stage.random)
  trace.act(() => `scenario ${JSON.stringify({ ...scenario, blocks: scenario.blocks.map(({ n, size }) => [n, size]), members: scenario.members.map(member => ({ ...member, holds: [...member.holds] })) })}`)

  const members: HostileMember[] = []
  const world = createWorld({
    seed,
    clock,
    strategy: strategyOf(scenario),
    limits: scenario.limits,
    members: scenario.members.map(member => ({
      ...member,
      create (env) {
        const hostile = hostileMember(member, scenario, env, trace)
        members.push(hostile)
        return hostile.target
      }
    })),
    engine: init => stage.engine(init)
  })
  const peers = scenario.peers.map(id => hostilePeer(id, scenario, world, trace))

  function drawCapacity (): Capacity {
    return { wants: int(1, 8), bytes: int(2, 64) * 1024, standing: pick([0, 0, 1, 4, 384]), supportsDontHave: chance(0.8) }
  }

  const acts: Record<WorldAct, () => void> = {
    down () {
      const member = pick(members)
      if (member.connected || chance(0.1)) {
        member.down() // or there is a newer reason for its being down
      }
    },
    up () {
      const member = pick(members)
      if (!member.connected) {
        member.up(chance(0.5) ? drawCapacity() : undefined)
      }
    },
    capacity () {
      const member = pick(members)
      if (member.connected) {
        const { wants, bytes } = drawCapacity()
        member.up({ wants, bytes })
      }
    },
    mood () { pick(members).changeMood() },
    gain () { pick(members).gain(pick(scenario.blocks)) },
    lose () { pick(members).lose(pick(scenario.blocks)) },
    unsolicited () {
      const member = pick(members)
      for (let n = pick([1, 3, 20]); n > 0 && member.connected; n--) {
        member.babble()
      }
    },
    load () { pick(members).load(int(0, 1 << 20)) },
    drain () {
      // ends at once, having told the engine
      world.driver.drain(0, AbortSignal.abort()).catch(() => {})
    },
    jump () {
      const ms = pick([100, 5000, 60_000])
      trace.act(() => `the clock jumps ${ms} ms ahead`)
      clock.jump(clock.now() + ms)
    },
    pass () { clock.pass(pick([0, 1, int(0, 50), int(0, 50), int(0, 500), int(0, 5000), int(0, 40_000)])) }
  }

  for (const member of members) {
    if (chance(0.8)) {
      member.up(chance(0.4) ? drawCapacity() : undefined)
    }
    member.changeMood()
  }
  for (; stage.step < scenario.steps; stage.step++) {
    if (chance(0.6)) {
      pick(peers).act(weighted(scenario.peerActs))
    } else {
      acts[weighted(scenario.worldActs)]()
    }
    if (chance(0.7)) {
      clock.pass(pick([0, 1, int(0, 60)]))
    }
  }

  trace.act(() => 'all faults end')
  // a member that comes back wakes what waits; it must not be needed for that
  const comeBack = chance(0.6)
  for (const member of members) {
    if (!member.connected && comeBack) {
      member.up()
    }
    member.heal()
  }
  for (const peer of peers) {
    peer.heal()
  }
  stage.healedIn = awaitAnswers(stage, members, peers)

  trace.act(() => 'all peers leave')
  for (const peer of peers) {
    peer.leave()
  }
  expectNothing(stage)
}
