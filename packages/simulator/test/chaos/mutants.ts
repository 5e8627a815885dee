import { DRIVER_MUTANTS } from './mutants/driver.ts'
import { MEMBER_MUTANTS } from './mutants/members.ts'
import { MEMBERSHIP_MUTANTS } from './mutants/membership.ts'
import { POLICY_MUTANTS } from './mutants/policies.ts'
import { ROUTER_MUTANTS } from './mutants/router.ts'
import { SCHEDULING_MUTANTS } from './mutants/scheduling.ts'
import { WANT_MUTANTS } from './mutants/wants.ts'
import type { Mutant } from '../../src/chaos/mutant.ts'

/**
 * Bugs of the router, each of which breaks one invariant. Each is a mistake that a
 * programmer might make there. The seeds that catch them are in `mutant-seeds.json`.
 */
export const MUTANTS: readonly Mutant[] = [...WANT_MUTANTS, ...MEMBER_MUTANTS, ...MEMBERSHIP_MUTANTS, ...SCHEDULING_MUTANTS, ...DRIVER_MUTANTS, ...POLICY_MUTANTS, ...ROUTER_MUTANTS]
