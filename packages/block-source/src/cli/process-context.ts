import type { Environment } from './target.ts'

/** The parts of its process that the command uses. */
export interface ProcessContext {
  /** Without the names of node and of the program. */
  readonly argv: readonly string[]
  readonly env: Environment
  /** Aborts when the process is asked to end. */
  readonly signal: AbortSignal
  /** A line on stdout. */
  print (line: string): void
  /** A line on stderr. */
  complain (line: string): void
  /** Replaces the last line of a terminal; undefined if the output is not a terminal. */
  progress? (line: string): void
}
