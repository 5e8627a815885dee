import { PolicyTimeoutError, PolicyVerdictError } from '../errors.ts'
import { VERDICTS } from '../policies/refusal.ts'
import { callInTime } from './call-in-time.ts'
import type { Ask, Policy, PolicyStatus, Verdict } from '../policies/policy.ts'
import type { Refusal } from '../policies/refusal.ts'
import type { Timers } from '../timers.ts'

/** Calls of a policy that never throw: each failure counts as a verdict. */
export interface PolicyCalls {
  readonly policy: Policy
  readonly status: PolicyStatus
  admit (ask: Ask): Verdict | 'defer'
  /** Calls `done` once with a verdict for each of the asks. Returns a function that gives up; after that, `done` is not called. */
  resolve (asks: readonly Ask[], done: (verdicts: readonly Verdict[]) => void): (reason: Error) => void
  /** Calls one of its other methods. */
  tell (method: 'attach' | 'settled' | 'verified' | 'gone', call: () => void): void
}

/** How the calls of a policy are bounded, and what counts when one fails. */
export interface PolicyCallsInit {
  readonly timers: Timers
  /** For how long `resolve` may take, ms. */
  readonly timeout: number
  /** The verdict that counts when a policy fails. */
  readonly failure: 'pass' | Refusal
  failed (policy: string, method: string, error: unknown): void
}

/** Makes the calls of a policy safe: none throws, and none takes longer than the timeout. */
export function createPolicyCalls (policy: Policy, { timers, timeout, failure, failed }: PolicyCallsInit): PolicyCalls {
  const status = { name: policy.name, refused: 0, restricted: 0, errors: 0, timeouts: 0 }

  function fail (method: string, error: unknown): 'pass' | Refusal {
    status.errors++
    failed(policy.name, method, error)

    return failure
  }

  function checked (method: 'admit' | 'resolve', verdict: unknown): Verdict {
    if (!isVerdict(verdict)) {
      return fail(method, new PolicyVerdictError(`the policy "${policy.name}" answered ${inspect(verdict)} from ${method}: a verdict is 'pass', 'silent', 'unknown', 'absent', 'close' or { only: [ids of members] }`))
    }

    status.refused += typeof verdict === 'string' && verdict !== 'pass' ? 1 : 0
    status.restricted += typeof verdict === 'string' ? 0 : 1

    return verdict
  }

  return {
    policy,
    status,

    admit (ask) {
      try {
        const verdict = policy.admit(ask)

        return verdict === 'defer' && policy.resolve != null ? verdict : checked('admit', verdict)
      } catch (err) {
        return fail('admit', err)
      }
    },

    resolve (asks, done) {
      const failAll = (error: unknown): readonly Verdict[] => {
        const verdict = fail('resolve', error)

        return asks.map(() => verdict)
      }

      return callInTime({
        timers,
        timeout,
        call (signal) {
          const verdicts = policy.resolve?.(asks, signal)

          if (verdicts == null) {
            throw new PolicyVerdictError(`the policy "${policy.name}" answered nothing from resolve: it returns a promise of verdicts`)
          }

          return verdicts
        },
        late () {
          status.timeouts++

          return new PolicyTimeoutError(`the policy "${policy.name}" did not resolve ${asks.length} wants within ${timeout} ms`)
        },
        done: (verdicts: unknown) => {
          const list: readonly unknown[] = Array.isArray(verdicts) ? verdicts : []
          done(asks.map((_, i) => checked('resolve', list[i])))
        },
        failed: error => { done(failAll(error)) }
      })
    },

    tell (method, call) {
      try {
        call()
      } catch (err) {
        fail(method, err)
      }
    }
  }
}

function isVerdict (verdict: unknown): verdict is Verdict {
  if (typeof verdict === 'string') {
    return VERDICTS.has(verdict)
  }

  return typeof verdict === 'object' && verdict != null && 'only' in verdict && Array.isArray(verdict.only) && verdict.only.every(id => typeof id === 'string')
}

function inspect (value: unknown): string {
  return typeof value === 'object' && value != null ? `an object with ${Object.keys(value).join(', ') || 'nothing'}` : String(value)
}
