import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from '../errors.ts'
import { runSeeds } from './pool.ts'
import type { Mutant } from './mutant.ts'
import type { RunResult } from './run.ts'

/** The result of the search for a seed that catches a mutant. */
export interface Caught {
  readonly mutant: Mutant
  /** The first seed in which an invariant was broken, if there is one. */
  readonly seed?: number
  /** The invariant that was broken in it. */
  readonly broken?: RunResult['broken']
  /** Whether the mutant is meant to break that invariant. */
  readonly named: boolean
  /** Why it could not be tried. */
  readonly error?: Error
}

interface SearchInit {
  readonly mutants: readonly Mutant[]
  readonly first: number
  readonly count: number
  readonly threads: number
  /** Called with each mutant when it is done. */
  progress? (caught: Caught): void
}

/** Searches, for each mutant, the first seed in which an invariant is broken. */
export async function searchSeeds ({ mutants, first, count, threads, progress }: SearchInit): Promise<Caught[]> {
  const found: Caught[] = []
  let next = 0

  async function work (): Promise<void> {
    while (next < mutants.length) {
      const index = next++
      found[index] = await tryMutant(mutants[index], first, count)
      progress?.(found[index])
    }
  }

  await Promise.all(Array.from({ length: threads }, work))

  return found
}

/** The first of `count` seeds in which a mutant breaks something, played in another thread. */
export async function tryMutant (mutant: Mutant, first: number, count: number): Promise<Caught> {
  try {
    const { failures: [failure] } = await runSeeds({ first, count, threads: 1, mutant })
    const { seed, broken } = failure ?? {}

    return { mutant, seed, broken, named: broken != null && mutant.breaks.includes(broken.invariant) }
  } catch (err) {
    // a mutant that no longer fits its source does not end the search for the others
    return { mutant, named: false, error: err instanceof Error ? err : new Error(String(err)) }
  }
}

/** The seed in which a mutant broke an invariant, and which. */
export function caughtBy ({ mutant, seed, broken, named, error }: Caught): string {
  if (broken == null) {
    return `NOT CAUGHT: ${mutant.name}${error == null ? '' : `: ${error.message}`}`
  }

  return named
    ? `${seed}: ${mutant.name}: ${broken.invariant}`
    : `NOT CAUGHT: ${mutant.name}: seed ${seed} broke "${broken.invariant}" instead of ${mutant.breaks.join(' or ')}: ${broken.message}`
}

/**
 * The mutants that a module exports as `MUTANTS`.
 *
 * @throws {UsageError} there is no such module, or it has none
 */
export async function loadMutants (file: string): Promise<readonly Mutant[]> {
  let mutants: unknown

  try {
    ({ MUTANTS: mutants } = await import(pathToFileURL(resolve(file)).href))
  } catch (err) {
    throw new UsageError(`--mutants: cannot load ${file}: ${err instanceof Error ? err.message : String(err)}`)
  }

  if (!Array.isArray(mutants)) {
    throw new UsageError(`--mutants: ${file} exports no list called MUTANTS`)
  }

  return mutants
}
