import { readFile } from 'node:fs/promises'
import { denylistEntries, parseDenylist } from '@kitsune/want-router/policies'
import { ConfigError } from '../errors.ts'
import type { DenyRules } from '@kitsune/want-router/policies'

/**
 * Prints what `wrangler kv bulk put` writes into the namespace DENYLIST, by lists in the compact denylist format, and by what
 * `wrangler kv key list` printed of the keys that are there already.
 *
 * @throws {ConfigError} a file cannot be read, or is neither
 */
export async function printDenylistKv (files: readonly string[], print: (line: string) => void): Promise<void> {
  if (files.length === 0) {
    throw new ConfigError('kitsune-edge denylist-kv <list|keys.json>…: name denylists, and what `wrangler kv key list` printed')
  }

  const lists: DenyRules[] = []
  const there: string[] = []

  for (const file of files) {
    try {
      const text = await readFile(file, 'utf8')

      if (text.trimStart().startsWith('[')) {
        there.push(...(JSON.parse(text) as Array<{ name: string }>).map(({ name }) => name.toLowerCase()))
      } else {
        lists.push((await parseDenylist(text, async () => {})).rules)
      }
    } catch (err) {
      throw new ConfigError(`${file}: ${(err as Error).message}`)
    }
  }

  const { keys, filter } = denylistEntries(lists, there)
  const known = new Set(there)
  const entries = [...keys.filter(key => !known.has(key)).map(key => ({ key, value: '{}' })), { key: 'filter', value: filter }]
  print(`[\n${entries.map(entry => JSON.stringify(entry)).join(',\n')}\n]`)
}
