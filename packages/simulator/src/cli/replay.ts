import { readFile } from 'node:fs/promises'
import { InvalidRecordingError } from '@kitsune/want-router'
import { readRecordLine, recordLine, replay } from '@kitsune/want-router/recording'
import { UsageError } from '../errors.ts'
import { findStrategies } from '../strategies.ts'
import type { Options } from './args.ts'

/**
 * Replays recordings on the engine.
 *
 * @returns 0 if all replay to the same decisions, 1 if one does not
 * @throws {UsageError} for a file that is not a recording, or if not exactly one strategy is named
 */
export async function replayRecordings ({ scenarios, strategies }: Pick<Options, 'scenarios' | 'strategies'>, print: (text: string) => void): Promise<number> {
  const found = await findStrategies(strategies)

  if (found.length !== 1) {
    throw new UsageError('--replay: name with --strategies the one strategy that was recorded')
  }

  const [{ name, factory }] = found
  let code = 0

  for (const path of scenarios) {
    const { records, divergence } = await replayOne(path, factory)

    if (divergence == null) {
      print(`${path}: ${records} records, and ${name} decides the same`)
    } else {
      code = 1
      print(`${path}: ${name} decides differently at record ${divergence.record}\n  recorded: ${recordLine(divergence.recorded)}\n  replayed: ${recordLine(divergence.replayed)}`)
    }
  }

  return code
}

async function replayOne (path: string, strategy: Parameters<typeof replay>[1]['strategy']): Promise<ReturnType<typeof replay>> {
  try {
    const lines = (await readFile(path, 'utf8')).split('\n').filter(line => line !== '')

    return replay(lines.map(readRecordLine), { strategy })
  } catch (err) {
    if (err instanceof InvalidRecordingError || (err as NodeJS.ErrnoException).code != null) {
      throw new UsageError(`--replay: ${path}: ${(err as Error).message}`)
    }

    throw err
  }
}
