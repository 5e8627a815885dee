import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Environment } from './peer-folders.ts'

/** The path of Caddy, by `CADDY_BINARY` or on `PATH`; undefined if there is none. Any version will do. */
export function findCaddy (env: Environment = process.env): string | undefined {
  const folders = (env.PATH ?? '').split(delimiter).filter(folder => folder !== '')
  const candidates = env.CADDY_BINARY == null || env.CADDY_BINARY === '' ? folders.map(folder => join(folder, 'caddy')) : [env.CADDY_BINARY]

  return candidates.find(isExecutable)
}

/** What to print where Caddy was needed and a search did not find it. */
export function caddyMissing (): string {
  return 'Caddy is missing: install it, on Debian by "apt-get install caddy", or set CADDY_BINARY'
}

function isExecutable (path: string): boolean {
  try {
    accessSync(path, constants.X_OK)

    return true
  } catch {
    return false
  }
}
