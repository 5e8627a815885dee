import { isIdentity } from '@kitsune/bitswap-codec'
import { DEFAULT_LIMITS } from '@kitsune/want-router'
import { createEngine } from '@kitsune/want-router/engine'
import { broken } from '../errors.ts'
import { cidText, printCid, printKey } from '../scenario/blocks.ts'
import { KnownMembers } from './known-members.ts'
import { ObservedEngine } from './observed-engine.ts'
import { PresenceRules } from './presence-rules.ts'
import type { Feature } from '../features.ts'
import type { MembersObserver } from '../membership.ts'
import type { Trace } from '../trace.ts'
import type { BitswapProtocol, WantKey } from '@kitsune/bitswap-codec'
import type { Limits, TargetWant, Verdict, WantEnd } from '@kitsune/want-router'
import type { Engine, EngineInit, Input, NumberedVerdict, Output, VerdictAsk } from '@kitsune/want-router/engine'

interface AdmissionMonitorInit {
  readonly trace: Trace
  readonly met: Set<Feature>
  /** The verdict of the policy on a want. */
  expected (client: string, cid: Uint8Array): Verdict
}

/** A want that was admitted, as it is now. */
export interface Grant {
  readonly client: string
  readonly cid: Uint8Array
  readonly key: WantKey
  readonly type: 'have' | 'block'
  /** The members that it may use; undefined: all. */
  readonly only: readonly string[] | undefined
  readonly strict: boolean
}

/** A want that was asked about. */
interface Asked extends VerdictAsk { readonly client: string }

/**
 * Checks that an engine which parks wants follows their verdicts. Its reports of
 * ended wants are trusted: other runs check those.
 */
export class AdmissionMonitor extends ObservedEngine implements MembersObserver {
  readonly limits: Limits
  protected readonly engine: Engine
  readonly #init: AdmissionMonitorInit
  readonly #members: KnownMembers
  readonly #presences: PresenceRules
  /** By client and CID. */
  readonly #grants = new Map<string, Grant>()
  /** Wants that wait for a verdict, as they were asked about last. */
  readonly #waiting = new Map<string, Asked>()
  /** Wants that messages have named since the last flush: they may have another number now. */
  readonly #touched = new Set<string>()
  /** Refusals that the next flush must report as ends of wants. */
  readonly #refused = new Map<string, Verdict>()
  #failure: Error | undefined
  /** Old verdicts, which the run gives to the engine again. */
  readonly stale: Array<{ readonly client: string, readonly verdict: NumberedVerdict }> = []

  constructor (init: EngineInit, own: AdmissionMonitorInit) {
    super()
    this.#init = own
    this.limits = { ...DEFAULT_LIMITS, ...init.limits }
    this.#members = new KnownMembers({ ids: init.members.map(({ id }) => id), limits: this.limits, now: init.now })
    this.#presences = new PresenceRules(this.#members)
    this.engine = createEngine(init)
  }

  isDrained (member: string): boolean { return this.#members.isDrained(member) }
  expectIgnored (member: string, say: () => void): void { this.#members.expectIgnored(member, say) }

  /** How many wants wait for a verdict, those that are reviewed among them. */
  get undecided (): number { return this.#waiting.size }

  /** Open wants that were admitted. */
  grants (): Iterable<Grant> { return this.#grants.values() }

  put (input: Input): void {
    this.#init.trace.input(input)

    try {
      this.engine.put(input)
      this.#note(input)

      for (const [name, { key, only }] of this.#grants) {
        this.#presences.noteDontHave(name, key, only)
      }

      this.#expectSound()
    } catch (err) {
      // the driver logs errors that are thrown while it carries out a flush, and goes on
      this.#failure ??= err instanceof Error ? err : new Error(String(err))
      throw err
    }
  }

  /** An error that it threw within a call of the driver, which may catch it. */
  expectNoFailure (): void {
    if (this.#failure != null) {
      throw this.#failure
    }
  }

  flush (out: Output): void {
    this.expectNoFailure()
    const asks: Array<{ readonly member: string, readonly wants: readonly TargetWant[] }> = []
    const admits: Asked[] = []
    const ends: WantEnd[] = []
    this.engine.flush({
      ...out,
      ask: (member, wants) => {
        this.#init.trace.asked(member, wants)
        asks.push({ member, wants })
        out.ask(member, wants)
      },
      cancel: (member, wants) => {
        this.#init.trace.cancelled(member, wants)
        out.cancel(member, wants)
      },
      drained: member => {
        this.#members.drained(member)
        out.drained?.(member)
      },
      ready (client) { out.ready(client) },
      close (client, why) { out.close(client, why) },
      reset (member, why) { out.reset(member, why) },
      admit: (client, wants) => {
        admits.push(...wants.map(want => ({ ...want, client })))
        out.admit?.(client, wants)
      },
      ended: more => {
        ends.push(...more)
        out.ended?.(more)
      }
    })
    ends.forEach(end => { this.#ended(end) })

    for (const [name, verdict] of this.#refused) {
      broken('admission', `${JSON.stringify(verdict)} refuses a want of ${name.split(' ')[0]}, which has not ended`)
    }

    admits.forEach(ask => { this.#askedAbout(ask) })

    for (const { member, wants } of asks) {
      wants.forEach(want => { this.#expectAdmitted(member, want) })
    }

    this.#touched.clear()
    this.#expectSound()
  }

  take (client: string, maxBytes: number, protocol: BitswapProtocol): ReturnType<Engine['take']> {
    const message = this.engine.take(client, maxBytes, protocol)
    this.#init.trace.taken(client, message)

    for (const { cid, have } of message?.presences ?? []) {
      this.#presences.expect(nameOf(client, cid), cid, have)
    }

    return message
  }

  #note (input: Input): void {
    this.#members.input(input)

    switch (input.t) {
      case 'message':
        for (const { cid } of input.wants) {
          this.#touched.add(nameOf(input.client, cid))
        }

        break
      case 'gone':
        this.#presences.forgetClient(input.client)
        break
      case 'verdicts':
        for (const verdict of input.verdicts) {
          this.#decided(input.client, verdict)
        }

        break
      default:
    }
  }

  /** The verdicts of the policy, for wants that still wait. */
  #decided (client: string, numbered: NumberedVerdict): void {
    const { number, cid, verdict } = numbered
    const name = nameOf(client, cid)
    const asked = this.#waiting.get(name)
    this.stale.push({ client, verdict: numbered })

    if (asked?.number !== number) {
      this.#init.met.add('stale verdict')

      return
    }

    const expected = this.#init.expected(client, cid)

    if (JSON.stringify(expected) !== JSON.stringify(verdict)) {
      broken('verdicts', `the policy said ${JSON.stringify(expected)} for ${printCid(cid)} of ${client}, but the engine gets ${JSON.stringify(verdict)}`)
    }

    this.#waiting.delete(name)

    if (verdict !== 'pass' && typeof verdict === 'string') {
      this.#init.met.add('refusal')

      if (!this.#touched.has(name)) {
        this.#refused.set(name, verdict)
      }

      if (verdict === 'absent') {
        this.#presences.absent(name)
      }

      return
    }

    const { only, strict = false } = verdict === 'pass' ? { only: undefined } : verdict

    if (only != null) {
      this.#init.met.add(strict ? 'strict restriction' : 'restriction')
    }

    this.#grants.set(name, { client, cid, key: asked.key, type: asked.type, only, strict })
    this.#presences.admitted(name, only)
  }

  #askedAbout (ask: Asked): void {
    const name = nameOf(ask.client, ask.cid)

    if (ask.review === true) {
      this.#expectRestricted(ask)
      this.#waiting.set(name, ask)

      return
    }

    const before = this.#waiting.get(name) ?? this.#grants.get(name)

    if (before != null && !(before.type === 'have' && ask.type === 'block')) {
      broken('admission', `${ask.type} ${printCid(ask.cid)} of ${ask.client} is asked about, but was already asked about as ${before.type}`)
    }

    this.#init.met.add(this.#grants.has(name) ? 'upgrade asked about' : 'parked')
    this.#waiting.set(name, ask)
  }

  /** Checks that a reviewed want was restricted, and is not being asked about already. */
  #expectRestricted ({ client, cid, type, number }: Asked): void {
    const name = nameOf(client, cid)
    const grant = this.#grants.get(name)
    const waiting = this.#waiting.get(name)

    if (grant?.only == null || grant.type !== type) {
      broken('admission', `${type} ${printCid(cid)} of ${client} is reviewed, which ${grant == null ? 'was not admitted' : `was admitted as ${grant.type} at ${grant.only?.join(', ') ?? 'all members'}`}`)
    }

    if (waiting != null) {
      broken('admission', `${printCid(cid)} of ${client} is reviewed under number ${number}, but already waits for verdict ${waiting.number}`)
    }

    this.#init.met.add('review')
  }

  #ended ({ client, cid, type, outcome, verdict, member }: WantEnd): void {
    if (isIdentity(cid) || (outcome === 'refused' && verdict == null)) {
      return // it never was on the list; a suspended one with that CID stays suspended
    }

    const name = nameOf(client, cid)
    const grant = this.#grants.get(name)
    const said = this.#refused.get(name)

    if (verdict != null && (outcome !== 'refused' || (said != null && said !== verdict))) {
      broken('admission', `${printCid(cid)} of ${client} ended as ${outcome}, ${verdict}, but the verdict was ${JSON.stringify(said)}`)
    }

    if (outcome === 'block' && grant == null && !this.#presences.wasAdmitted(name)) {
      broken('admission', `${printCid(cid)} of ${client} ended with a block, but was not admitted`)
    }

    if (outcome === 'block' && type === 'block' && grant?.type === 'have' && !this.#touched.has(name)) {
      broken('admission', `${client} is served the block ${printCid(cid)}, but was admitted for a HAVE`)
    }

    if (outcome === 'block' && grant?.strict === true && !this.#touched.has(name) && grant.only?.includes(member ?? '') !== true) {
      broken('admission', `${printCid(cid)} of ${client} is served by ${member ?? 'no member'}, but strictly restricted to ${grant.only?.join(', ') ?? ''}`)
    }

    this.#refused.delete(name)
    this.#waiting.delete(name)
    this.#grants.delete(name)
  }

  /** A fetch for a block goes on as such when only want-haves are left, as it does without policies. */
  #expectAdmitted (member: string, { key, type }: TargetWant): void {
    for (const grant of this.#grants.values()) {
      if (grant.key === key && grant.only?.includes(member) !== false) {
        return
      }
    }

    broken('admission', `${member} is asked for ${type} ${printKey(key)}, for which no want was admitted that may use it`)
  }

  #expectSound (): void {
    try {
      this.engine.checkInvariants()
    } catch (err) {
      broken('state', err instanceof Error ? err.message : String(err))
    }
  }
}

function nameOf (client: string, cid: Uint8Array): string {
  return `${client} ${cidText(cid)}`
}
