import { registerHooks } from 'node:module'
import { MutantError } from './errors.ts'
import type { Invariant } from './invariants.ts'

/** A bug put into the router's source on purpose, to check that chaos finds it. */
export interface Mutant {
  readonly name: string
  /** The invariant that it breaks; several if it depends on the seed which one breaks first. */
  readonly breaks: readonly Invariant[]
  /** The file, relative to the sources of `@kitsune/want-router`. */
  readonly file: string
  /** The text to replace, which occurs exactly once. */
  readonly find: string
  readonly replace: string
}

const PACKAGE = '/want-router/'
const BUILT = `${PACKAGE}dist/src/`
const SOURCE = `${PACKAGE}src/`

/**
 * Makes this thread load one file of `@kitsune/want-router` from its sources, with the
 * mutant in it, and all others as they were built, which takes a fraction of the time.
 * Call it before anything imports that package. The result tells whether the file has
 * been loaded, and so whether the mutant is there.
 *
 * Needs Node 22.18 or 24: they run TypeScript and have synchronous module hooks.
 */
export function applyMutant ({ file, find, replace, name }: Mutant): { readonly applied: boolean } {
  const state = { applied: false }
  const built = BUILT + file.replace(/\.ts$/, '.js')

  registerHooks({
    resolve (specifier, context, next) {
      const resolved = next(specifier, context)
      const { url } = resolved

      if (url.endsWith(built)) {
        return { ...resolved, url: url.replace(built, SOURCE + file), format: 'module-typescript' }
      }

      // what the mutant imports
      return url.includes(SOURCE) && !url.endsWith(SOURCE + file)
        ? { ...resolved, url: url.replace(SOURCE, BUILT).replace(/\.ts$/, '.js'), format: 'module' }
        : resolved
    },

    load (url, context, next) {
      const loaded = next(url, context)

      if (!url.endsWith(SOURCE + file)) {
        return loaded
      }

      const source = text(loaded.source)
      const found = source.split(find).length - 1

      if (found !== 1) {
        throw new MutantError(`the mutant "${name}" no longer fits: ${file} has its text ${found} times, not once. Find the present form of that line and put the bug there`)
      }

      state.applied = true

      return { ...loaded, source: source.replace(find, () => replace) }
    }
  })

  return state
}

function text (source: string | ArrayBuffer | NodeJS.TypedArray | undefined | null): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source ?? undefined)
}
