import { modulo } from './modulo.ts'
import { twoChoices } from './two-choices.ts'
import type { StrategySyntax } from '@kitsune/want-router'

/** Strategies that others are compared with, not for use. They are written like those of want-router. */
export const BASELINES: Readonly<Record<string, StrategySyntax>> = {
  modulo: { make: () => modulo() },
  'two-choices': { wraps: 1, make: ([inner]) => twoChoices(inner) }
}
