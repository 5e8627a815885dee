import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Environment } from './peer-folders.ts'

/** The path of the first program of these names in the folders of `PATH`; undefined if there is none. */
export function findOnPath (names: readonly string[], env: Environment): string | undefined {
  const folders = (env.PATH ?? '').split(delimiter).filter(folder => folder !== '')

  return folders.flatMap(folder => names.map(name => join(folder, name))).find(isExecutable)
}

/** Whether this process may run the file. */
export function isExecutable (path: string): boolean {
  try {
    accessSync(path, constants.X_OK)

    return true
  } catch {
    return false
  }
}
