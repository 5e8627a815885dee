/**
 * @packageDocumentation
 *
 * Loads an application's own strategies by the paths of their modules, for programs
 * that read a strategy from a flag or a file. Node only.
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { InvalidOptionError } from '../../errors.ts'
import { STRATEGIES } from './names.ts'
import { parseStrategy } from './parser.ts'
import type { StrategySyntax } from './names.ts'
import type { StrategyFactory } from '../strategy.ts'

/** What the module of a strategy exports as `strategy`. */
type Exported = StrategyFactory | StrategySyntax

/** The paths of modules in a strategy expression, which stand in place of names. */
export function modulesIn (expression: string): string[] {
  const words = expression.match(/[^\s(),]+/g) ?? []

  return [...new Set(words)].filter(word => /^\.{0,2}\/|\.[cm]?[jt]s$/.test(word))
}

/** What names and paths in a strategy expression refer to. */
export interface LoadStrategyInit {
  /** Strategies that can be written by name. Default {@link STRATEGIES}. */
  readonly known?: Readonly<Record<string, StrategySyntax>>
  /** The folder that relative paths start from. Default: the working directory. */
  readonly folder?: string
}

/**
 * Makes the strategy of an expression as {@link parseStrategy} does. The path of a
 * module in it stands for what the module exports as `strategy`: a strategy factory
 * or, if it takes strategies or options in parentheses, a `StrategySyntax`.
 *
 * @param expression - e.g. `bounded-load(./zone-aware.ts)`
 * @throws {InvalidOptionError} if a module does not exist or exports no strategy, or the expression is invalid
 */
export async function loadStrategy (expression: string, { known = STRATEGIES, folder = process.cwd() }: LoadStrategyInit = {}): Promise<StrategyFactory> {
  const all: Record<string, StrategySyntax> = { ...known }

  for (const path of modulesIn(expression)) {
    const exported = await importStrategy(path, folder)
    all[path] = typeof exported === 'function' ? { make: () => exported } : exported
  }

  return parseStrategy(expression, all)
}

async function importStrategy (path: string, folder: string): Promise<Exported> {
  let module: Record<string, unknown>

  try {
    module = await import(pathToFileURL(resolve(folder, path)).href)
  } catch (err) {
    // the path of this file is of no use to a reader
    const why = oneLine(err).replace(` imported from ${import.meta.filename}`, '')
    throw new InvalidOptionError(`strategy: ${path} cannot be imported: ${why}`)
  }

  const { strategy } = module

  if (isSyntax(strategy)) {
    return strategy
  }

  if (typeof strategy !== 'function') {
    throw new InvalidOptionError(`strategy: ${path} exports ${strategy == null ? 'nothing' : 'something else'} called "strategy": export const strategy = env => ({ update (members) { … }, * rank (want) { … } })`)
  }

  checkFactory(path, strategy as StrategyFactory)

  return strategy as StrategyFactory
}

function isSyntax (value: unknown): value is StrategySyntax {
  return typeof value === 'object' && value != null && 'make' in value && typeof value.make === 'function'
}

/** Distinguishes a strategy factory from a function that makes such factories. */
function checkFactory (path: string, factory: StrategyFactory): void {
  let made: unknown

  try {
    made = factory({ now: () => 0, random: () => 0.5, seed: 0 })
  } catch (err) {
    throw new InvalidOptionError(`strategy: the strategy of ${path} cannot be made: ${oneLine(err)}`)
  }

  if (typeof made === 'function') {
    throw new InvalidOptionError(`strategy: "strategy" of ${path} makes strategy factories, but is not one: export what it returns, export const strategy = make(…)`)
  }

  if (typeof made !== 'object' || made == null || !('update' in made) || !('rank' in made)) {
    throw new InvalidOptionError(`strategy: "strategy" of ${path} does not return an object with update and rank`)
  }
}

function oneLine (err: unknown): string {
  return (err instanceof Error ? err.message : String(err)).replace(/\s*\n\s*/g, ' ')
}
