import { findOnPath, isExecutable } from './executables.ts'
import type { Environment } from './peer-folders.ts'

/** The path of Caddy, by `CADDY_BINARY` or on `PATH`; undefined if there is none. Any version will do. */
export function findCaddy (env: Environment = process.env): string | undefined {
  return findProgram('caddy', env.CADDY_BINARY, env)
}

/** What to print where Caddy was needed and a search did not find it. */
export function caddyMissing (): string {
  return 'Caddy is missing: install it, on Debian by "apt-get install caddy", or set CADDY_BINARY'
}

/** The path of Redis' server, by `REDIS_BINARY` or on `PATH`; undefined if there is none. Any version from 6 on will do. */
export function findRedis (env: Environment = process.env): string | undefined {
  return findProgram('redis-server', env.REDIS_BINARY, env)
}

/** What to print where Redis was needed and a search did not find it. */
export function redisMissing (): string {
  return 'Redis is missing: install it, on Debian by "apt-get install redis-server", or set REDIS_BINARY'
}

function findProgram (name: string, configured: string | undefined, env: Environment): string | undefined {
  if (configured == null || configured === '') {
    return findOnPath([name], env)
  }

  return isExecutable(configured) ? configured : undefined
}
