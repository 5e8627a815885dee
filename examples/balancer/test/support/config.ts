import { loadConfig } from '../../src/config/config.ts'
import type { BalancerConfig } from '../../src/config/config.ts'

export const PEER = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'
export const RPC = '/ip4/10.0.0.1/tcp/5001'

/** The sources of a test's settings. */
export interface Given {
  /** Separated by spaces. */
  flags?: string
  env?: Record<string, string>
  /** Contents by path; anything but text is written as JSON. */
  files?: Record<string, unknown>
}

export function load ({ flags = '', env = {}, files = {} }: Given): BalancerConfig {
  return loadArgv(flags.split(' ').filter(flag => flag !== ''), env, files)
}

export function loadArgv (argv: string[], env: Record<string, string> = {}, files: Record<string, unknown> = {}): BalancerConfig {
  return loadConfig({
    argv,
    env,
    readFile: (path) => {
      const content = files[path]

      if (content == null) {
        throw new Error(`ENOENT: no such file or directory, open '${path}'`)
      }

      return typeof content === 'string' ? content : JSON.stringify(content)
    }
  })
}
