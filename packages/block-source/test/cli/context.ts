import { main } from '../../src/cli/main.ts'
import type { MainInit } from '../../src/cli/main.ts'
import type { ProcessContext } from '../../src/cli/process-context.ts'
import type { Report } from '../../src/cli/reporter.ts'

/** The exit code and the output of a run. */
export interface Run {
  readonly code: number
  readonly lines: readonly string[]
  readonly complaints: readonly string[]
  /** The lines, if they are JSON. */
  readonly reports: readonly Report[]
}

/** Runs `kitsune-index` in this process. */
export async function run (argv: readonly string[], init: MainInit & Partial<ProcessContext> = {}): Promise<Run> {
  const lines: string[] = []
  const complaints: string[] = []
  const code = await main({
    argv,
    env: {},
    signal: new AbortController().signal,
    print: line => { lines.push(line) },
    complain: line => { complaints.push(line) },
    ...init
  }, init)

  return { code, lines, complaints, reports: argv.includes('--json') ? lines.map(line => JSON.parse(line)) : [] }
}
