import { closeSync, openSync, writeSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { recordLine } from '@kitsune/want-router/recording'
import { UsageError } from '../errors.ts'
import type { Tap } from '@kitsune/want-router/engine'

/** @throws {UsageError} if it cannot be written */
export async function write (path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(resolve(path)), { recursive: true })
    await writeFile(path, text)
  } catch (err) {
    throw cannotWrite(path, err)
  }
}

/**
 * Opens a file for a recording. A simulation never yields, so lines are written
 * synchronously.
 *
 * @throws {UsageError} if it cannot be written
 */
export function openRecording (path: string): { tap: Tap, close (): void } {
  let file: number

  try {
    file = openSync(path, 'w')
  } catch (err) {
    throw cannotWrite(path, err)
  }

  let lines: string[] = []

  function flush (): void {
    writeSync(file, lines.join(''))
    lines = []
  }

  return {
    tap (record) {
      lines.push(`${recordLine(record)}\n`)

      if (lines.length >= 1000) {
        flush()
      }
    },
    close () {
      flush()
      closeSync(file)
    }
  }
}

function cannotWrite (path: string, err: unknown): UsageError {
  return new UsageError(`${path} cannot be written: ${err instanceof Error ? err.message : String(err)}`)
}
