import { decodeCid, keyMultihash, parsePrefix } from '@kitsune/bitswap-codec'
import { AbortError } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import { locatedClient, createCase, note, sumOf } from './asks.ts'
import { createPolicyCalls } from './policy-calls.ts'
import { UNVERIFIABLE } from './verifier.ts'
import type { Case } from './asks.ts'
import type { PolicyCalls, PolicyCallsInit } from './policy-calls.ts'
import type { Verify } from './verifier.ts'
import type { Engine, NumberedVerdict, VerdictAsk } from '../engine/io.ts'
import type { WantEnd } from '../engine/status.ts'
import type { Policy, PolicyControl, PolicyStatus, Verdict, VerifiedBlock } from '../policies/policy.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** The policies that decide which wants are admitted. */
export interface AdmissionOptions extends Pick<PolicyCallsInit, 'failure' | 'timeout'> {
  /** Asked in this order. */
  readonly policies: readonly Policy[]
  /** The most wants that one call resolves. */
  readonly most: number
}

/** What admission needs of the engine and of the driver. */
export interface AdmissionInit extends AdmissionOptions, PolicyCallsInit {
  readonly engine: Pick<Engine, 'awaits'>
  /** The address that a client is connected from. */
  address (client: string): string | undefined
  /** Has the engine ask about restricted wants again. */
  review (): void
  /** Puts a want again that was refused. */
  repeat (client: string, want: WantEntry): void
  /** Puts verdicts into the engine. */
  decided (client: string, verdicts: readonly NumberedVerdict[]): void
}

/** Has policies decide about wants: at once, or, if they defer, with one call at a time for each client. */
export interface Admission {
  readonly status: readonly PolicyStatus[]
  /** The engine asks what to do with these wants of a client. */
  admit (client: string, asks: readonly VerdictAsk[]): void
  /** Has to be called with wants that have ended; undefined: no policy observes them. */
  readonly ended: ((ends: readonly WantEnd[]) => void) | undefined
  /** Wraps `verify` so that it shows policies the blocks that it has verified; returns it as it is if no policy observes them. */
  watch (verify: Verify): Verify
  gone (client: string): void
  stop (): void
}

/** The deferred wants of one client. */
interface Line {
  waiting: Case[]
  /** Gives up the call of `resolve` that is open; undefined: there is none. */
  giveUp: ((reason: Error) => void) | undefined
}

/** Makes the admission of an engine. */
export function createAdmission (init: AdmissionInit): Admission {
  return new PolicyAdmission(init)
}

class PolicyAdmission implements Admission {
  readonly #init: AdmissionInit
  readonly #policies: readonly PolicyCalls[]
  /** By client, while it has deferred wants. */
  readonly #lines = new Map<string, Line>()
  /** How many reviews of restricted wants have begun. */
  #reviews = 0

  constructor (init: AdmissionInit) {
    this.#init = init
    this.#policies = init.policies.map(policy => createPolicyCalls(policy, init))
    const control: PolicyControl = {
      review: () => { this.#review() },
      repeat: ({ client, cid, type }) => { init.repeat(client, { cid: cid.bytes, wantType: type, priority: 1, cancel: false, sendDontHave: false }) }
    }

    for (const { policy, tell } of this.#policies) {
      if (policy.attach != null) {
        tell('attach', () => policy.attach?.(control))
      }
    }
  }

  get status (): readonly PolicyStatus[] {
    return this.#policies.map(({ status }) => ({ ...status }))
  }

  admit (client: string, asks: readonly VerdictAsk[]): void {
    const from = locatedClient(client, this.#init.address)
    this.#judge(client, asks.map(ask => createCase(from, ask, this.#reviews)))
  }

  get ended (): Admission['ended'] {
    const told = this.#policies.filter(({ policy }) => policy.settled != null)

    if (told.length === 0) {
      return
    }

    return ends => {
      for (const end of ends) {
        const cid = decodeCid(end.cid)

        if (cid != null) {
          const want = { ...end, cid }
          told.forEach(({ policy, tell }) => { tell('settled', () => policy.settled?.(want)) })
        }
      }
    }
  }

  watch (verify: Verify): Verify {
    if (this.#policies.every(({ policy }) => policy.verified == null)) {
      return verify
    }

    return (prefix, bytes) => {
      const key = verify(prefix, bytes)

      if (typeof key === 'string') {
        this.#verified(prefix, key, bytes)

        return key
      }

      return key.then(key => {
        this.#verified(prefix, key, bytes)

        return key
      })
    }
  }

  gone (client: string): void {
    const line = this.#lines.get(client)
    this.#lines.delete(client)
    line?.giveUp?.(new AbortError(`${client} has left`))

    for (const { policy, tell } of this.#policies) {
      if (policy.gone != null) {
        tell('gone', () => policy.gone?.(client))
      }
    }
  }

  stop (): void {
    const lines = [...this.#lines.values()]
    this.#lines.clear()

    for (const { giveUp } of lines) {
      giveUp?.(new AbortError('the router stops'))
    }
  }

  /** Asks policies about each want until one decides or defers. */
  #judge (client: string, cases: readonly Case[]): void {
    const decided: NumberedVerdict[] = []
    const deferred: Case[] = []
    let outdated = false

    for (const one of cases) {
      const verdict = this.#decide(one)
      outdated ||= typeof verdict === 'object' && one.reviews < this.#reviews

      if (verdict === 'defer') {
        deferred.push(one)
      } else {
        decided.push({ number: one.of.number, cid: one.of.cid, verdict })
      }
    }

    this.#decided(client, decided)

    // a policy has asked for a review since it decided
    if (outdated) {
      this.#review()
    }

    if (deferred.length > 0) {
      this.#enqueue(client, deferred)
    }
  }

  #review (): void {
    this.#reviews++
    this.#init.review()
  }

  #decide (one: Case): Verdict | 'defer' {
    while (one.at < this.#policies.length) {
      const said = this.#policies[one.at].admit(one.ask)
      const verdict = said === 'defer' ? said : note(one, said)

      if (verdict != null) {
        return verdict
      }
    }

    return sumOf(one)
  }

  #decided (client: string, verdicts: readonly NumberedVerdict[]): void {
    if (verdicts.length > 0) {
      this.#init.decided(client, verdicts)
    }
  }

  #enqueue (client: string, cases: readonly Case[]): void {
    let line = this.#lines.get(client)

    if (line == null) {
      line = { waiting: [], giveUp: undefined }
      this.#lines.set(client, line)
    }

    line.waiting.push(...cases)

    if (line.waiting.length > 2 * this.#init.most) {
      this.#prune(client, line) // the engine bounds how many still wait
    }

    this.#next(client, line)
  }

  /** Has the policy that the first deferred want waits for resolve that want and others that wait for it. */
  #next (client: string, line: Line): void {
    if (line.giveUp != null) {
      return
    }

    this.#prune(client, line)
    const [first] = line.waiting

    if (first == null) {
      this.#lines.delete(client)

      return
    }

    const batch = line.waiting.filter(({ at }) => at === first.at).slice(0, this.#init.most)
    const taken = new Set(batch)
    line.waiting = line.waiting.filter(one => !taken.has(one))
    let done = false
    line.giveUp = () => {}
    const giveUp = this.#policies[first.at].resolve(batch.map(({ ask }) => ask), verdicts => {
      done = true
      line.giveUp = undefined
      this.#resolved(client, batch, verdicts)
      this.#next(client, line)
    })

    if (!done) {
      line.giveUp = giveUp
    }
  }

  #resolved (client: string, batch: readonly Case[], verdicts: readonly Verdict[]): void {
    const decided: NumberedVerdict[] = []
    const open: Case[] = []

    for (const [i, one] of batch.entries()) {
      const verdict = note(one, verdicts[i])

      if (verdict == null) {
        open.push(one)
      } else {
        decided.push({ number: one.of.number, cid: one.of.cid, verdict })
      }
    }

    this.#decided(client, decided)
    this.#judge(client, open)
  }

  /** Forgets wants that no longer wait for their verdicts. */
  #prune (client: string, line: Line): void {
    line.waiting = line.waiting.filter(({ of }) => this.#init.engine.awaits(client, of))
  }

  #verified (prefix: Uint8Array, key: WantKey, bytes: Uint8Array): void {
    if (key === UNVERIFIABLE) {
      return
    }

    const { version, codec } = parsePrefix(prefix)
    const block: VerifiedBlock = { key, cid: CID.create(version, codec, decode(keyMultihash(key))), bytes }

    for (const { policy, tell } of this.#policies) {
      if (policy.verified != null) {
        tell('verified', () => policy.verified?.(block))
      }
    }
  }
}
