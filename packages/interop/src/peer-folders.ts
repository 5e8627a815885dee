import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The environment that a search for a peer reads; `process.env` by default. */
export type Environment = Record<string, string | undefined>

/** The folder below `peers/` that pins a peer and its dependencies. */
export function peerFolder (name: string): string {
  // this file runs from src/ and, built, from dist/src/
  let folder = dirname(fileURLToPath(import.meta.url))

  while (!existsSync(join(folder, 'peers', name))) {
    const parent = dirname(folder)

    if (parent === folder) {
      throw new Error(`peers/${name}, which pins a peer, is in no folder above ${import.meta.url}: the checkout is incomplete`)
    }

    folder = parent
  }

  return join(folder, 'peers', name)
}

/** Where `npm run peers` installs peers: outside the repository, so that a fresh clone finds them again. */
export function peerCache (env: Environment = process.env): string {
  // the XDG specification asks that relative paths be ignored
  const configured = env.XDG_CACHE_HOME?.startsWith('/') === true ? env.XDG_CACHE_HOME : undefined

  return join(configured ?? join(env.HOME ?? homedir(), '.cache'), 'kitsune', 'peers')
}
