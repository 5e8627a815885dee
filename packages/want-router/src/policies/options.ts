import { checkWord } from '../check-options.ts'
import { DEFAULT_LIMITS, DEFAULT_POLICY_FAILURE } from '../defaults.ts'
import { InvalidOptionError } from '../errors.ts'
import { VERDICTS } from './refusal.ts'
import type { PolicyOptions } from './policy.ts'
import type { Limits } from '../defaults.ts'
import type { AdmissionOptions } from '../driver/verdicts.ts'

/** What the driver needs for the policies of one direction; undefined if there are none. */
export function admissionOptions ({ policies = [], policyFailure = DEFAULT_POLICY_FAILURE }: PolicyOptions, limits: Partial<Limits> = {}): AdmissionOptions | undefined {
  if (policies.length === 0) {
    return
  }

  const { verdictTimeout, wantsPerClient } = { ...DEFAULT_LIMITS, ...limits }

  return { policies, failure: policyFailure, timeout: verdictTimeout, most: wantsPerClient }
}

/** @throws {InvalidOptionError} for anything that is not a policy, for two policies of one name, or for an invalid `policyFailure` */
export function checkPolicies ({ policies = [], policyFailure }: PolicyOptions): void {
  const names = new Set<string>()

  for (const { name, admit } of policies) {
    if (typeof name !== 'string' || name === '' || typeof admit !== 'function') {
      throw new InvalidOptionError(`policies: "${name}" is not a policy: give it a name and a function admit`)
    }

    if (names.has(name)) {
      throw new InvalidOptionError(`policies: two are called "${name}": give each a unique name`)
    }

    names.add(name)
  }

  checkWord('policyFailure', policyFailure, VERDICTS)
}
