import type { MemberTargets } from './member-targets.ts'
import type { Admission } from './verdicts.ts'
import type { Output } from '../engine/io.ts'
import type { MemberStatus, WantEnd } from '../engine/status.ts'
import type { Decision } from '../engine/tap.ts'
import type { Logger } from '@libp2p/interface'

/** What the driver needs of the side that faces upstream. */
export interface UpstreamPort {
  wake (peer: string): void
  disconnect (peer: string, why: string): void
  /** The address that a peer is connected from, for policies. Default: unknown. */
  address? (peer: string): string | undefined
}

/** The parts that carry out what an engine decides. */
export interface DecisionsInit {
  readonly upstream: UpstreamPort
  readonly targets: Pick<MemberTargets, 'get' | 'drained'>
  readonly admission: Pick<Admission, 'admit'> | undefined
  readonly log: Logger
  /** Default: ends of wants are not reported. */
  readonly onEnded: ((ends: readonly WantEnd[]) => void) | undefined
  /** Called last, with all members if the state of one has changed. */
  changed (members: readonly MemberStatus[]): void
}

/**
 * Collects what a flush decides. It is carried out after the flush, since the network may
 * call `take` as soon as it is woken.
 */
export interface Decisions {
  /** Notes what a flush decides. */
  readonly output: Output
  /** Carries out what was noted. */
  carryOut (): void
}

/** Makes the output of an engine: it collects what a flush decides, and carries it out afterwards. */
export function createDecisions (init: DecisionsInit): Decisions {
  const { log, onEnded, changed } = init
  let decided: Decision[] = []
  let members: readonly MemberStatus[] = []

  return {
    output: {
      ask: (member, wants) => { decided.push({ t: 'ask', member, wants }) },
      cancel: (member, wants) => { decided.push({ t: 'cancel', member, wants }) },
      ready: client => { decided.push({ t: 'ready', client }) },
      close: (client, why) => { decided.push({ t: 'close', client, why }) },
      reset: (member, why) => { decided.push({ t: 'reset', member, why }) },
      drained: member => { decided.push({ t: 'drained', member }) },
      changed: all => { members = all },
      admit: (client, asks) => { decided.push({ t: 'admit', client, asks }) },
      ...(onEnded == null ? {} : { ended: (ends: readonly WantEnd[]) => { decided.push({ t: 'ended', ends }) } })
    },

    carryOut () {
      const decisions = decided
      decided = []

      for (const decision of decisions) {
        try {
          carryOut(decision, init)
        } catch (err) {
          // a target that throws must not keep other targets from their wants
          log.error('could not %s - %e', decision.t, err)
        }
      }

      changed(members)
      members = []
    }
  }
}

function carryOut (decision: Decision, { upstream, targets, admission, onEnded, log }: DecisionsInit): void {
  switch (decision.t) {
    case 'ask':
      targets.get(decision.member)?.ask(decision.wants)
      break
    case 'cancel':
      targets.get(decision.member)?.cancel(decision.wants)
      break
    case 'ready':
      upstream.wake(decision.client)
      break
    case 'reset':
      targets.get(decision.member)?.reset?.(decision.why)
      break
    case 'admit':
      admission?.admit(decision.client, decision.asks)
      break
    case 'ended':
      onEnded?.(decision.ends)
      break
    case 'drained':
      targets.drained(decision.member)
      break
    default:
      log('closing %s: %s', decision.client, decision.why)
      upstream.disconnect(decision.client, decision.why)
  }
}
