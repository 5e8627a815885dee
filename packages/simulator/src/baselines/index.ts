import { modulo } from './modulo.ts'
import { twoChoices } from './two-choices.ts'
import type { StrategySyntax } from '@kitsune/want-router'

/** Strategies that nobody should use, to compare the others with. They are written like those of want-router. */
export const BASELINES: Readonly<Record<string, StrategySyntax>> = {
  modulo: { make: () => modulo() },
  'two-choices': { wraps: 1, make: ([inner]) => twoChoices(inner) }
}
