import { visit } from 'jsonc-parser'
import { ConfigError } from '../errors.ts'

/**
 * Parses a config file. It refuses duplicate keys: JSON.parse would use the last
 * one, so that editing the first one would have no effect.
 *
 * @throws {ConfigError} with the line and the name of the key
 * @throws {SyntaxError} the text is not JSON
 */
export function parseConfigFile (json: string): unknown {
  const content: unknown = JSON.parse(json)
  const objects: Array<Set<string>> = []

  visit(json, {
    onObjectBegin () { objects.push(new Set()) },
    onObjectEnd () { objects.pop() },
    onObjectProperty (key, _offset, _length, line, _character, path) {
      const keys = objects.at(-1)

      if (keys?.has(key) === true) {
        throw new ConfigError(`the key "${[...path(), key].join('.')}" occurs twice, the second time in line ${line + 1}`)
      }

      keys?.add(key)
    }
  })

  return content
}
