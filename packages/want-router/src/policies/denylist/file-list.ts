import { readFile, stat } from 'node:fs/promises'
import type { ListSource } from '../lists/reloaded-lists.ts'

/** A denylist in a file, which is read only if it has changed. Needs Node.js. */
export function fileList (path: string): ListSource {
  let version: string | undefined

  return {
    name: path,

    async load (signal) {
      const { mtimeNs, size, ino } = await stat(path, { bigint: true })
      const now = `${mtimeNs}/${size}/${ino}`

      if (now === version) {
        return undefined
      }

      const text = await readFile(path, { encoding: 'utf8', signal })
      version = now

      return text
    }
  }
}
