import { InvalidOptionError } from '../errors.ts'
import type { Policy, Refusal } from './policy.ts'

interface Options { readonly policies?: readonly Policy[], readonly policyFailure?: 'pass' | Refusal }

const FAILURES: ReadonlySet<unknown> = new Set(['pass', 'silent', 'absent', 'close'])

/** @throws {InvalidOptionError} for what is no policy, two of one name, or a verdict for failures that is none */
export function checkPolicies ({ policies = [], policyFailure }: Options): void {
  const names = new Set<string>()
  for (const { name, admit } of policies) {
    if (typeof name !== 'string' || name === '' || typeof admit !== 'function') {
      throw new InvalidOptionError(`policies: "${name}" is no policy: give it a name and a function admit`)
    }
    if (names.has(name)) {
      throw new InvalidOptionError(`policies: two are called "${name}": give each a name of its own`)
    }
    names.add(name)
  }
  if (policyFailure != null && !FAILURES.has(policyFailure)) {
    throw new InvalidOptionError(`policyFailure: ${String(policyFailure)} is none of 'silent', 'absent', 'close' and 'pass'`)
  }
}
