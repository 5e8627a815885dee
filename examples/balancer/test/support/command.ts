import { temporaryFolder } from './folder.ts'
import { killPrograms, startProgram } from './program.ts'
import type { Ended, Program } from './program.ts'

/** An address on which no program listens. */
export const UNREACHABLE = '/ip4/127.0.0.1/tcp/1'
export const LOOPBACK = ['-l', '/ip4/127.0.0.1/tcp/0', '--admin', '127.0.0.1:0']

/** The line that `--json` prints. */
export interface Announcement {
  peerId: string
  addresses: string[]
  admin: string
}

/** Runs the balancer's command in a new folder for each test of a suite. */
export interface CommandRunner {
  /** A path in the folder. */
  path (name?: string): string
  start (argv: readonly string[], env?: Record<string, string>): Program
  /** Resolves when the command has ended. */
  run (...argv: string[]): Promise<Ended>
}

export function createCommandRunner (): CommandRunner {
  const path = temporaryFolder()
  const start: CommandRunner['start'] = (argv, env = {}) => startProgram('bin', argv, { cwd: path(), env })

  afterEach(() => {
    killPrograms()
  })

  return { path, start, run: async (...argv) => start(argv).ended }
}

/** Parses a log in JSON. */
export function parseLog (stderr: string): Array<Record<string, unknown>> {
  return stderr.trimEnd().split('\n').map(line => JSON.parse(line) as Record<string, unknown>)
}

/** Resolves when a command with `--json` listens. */
export async function announcementOf (program: Program): Promise<Announcement> {
  return JSON.parse(await program.line(/^\{"peerId"/)) as Announcement
}
