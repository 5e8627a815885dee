import { readFile } from 'node:fs/promises'
import { UsageError } from '../errors.ts'
import { fillSections, findSections, sectionText } from '../report/docs.ts'
import { printRuns } from '../report/table.ts'
import { findScenarios } from '../scenario/loader.ts'
import { parseOptions } from './args.ts'
import { write } from './files.ts'
import { runScenario } from './scenario-runs.ts'
import type { Options } from './args.ts'
import type { Section } from '../report/docs.ts'

/**
 * Runs the simulations that the marks of a document name and writes their figures there; or, for a
 * check, compares the figures with the present ones. If scenarios are named, only at their marks.
 *
 * @returns 0, or 1 if a check found different figures
 * @throws {UsageError} if the document cannot be read or has no marks
 */
export async function writeDocs (path: string, { scenarios, check }: Pick<Options, 'scenarios' | 'check'>, print: (text: string) => void, stderr: NodeJS.WriteStream): Promise<number> {
  const document = await read(path)
  const texts = new Map<number, string>()
  let code = 0

  for (const section of findSections(document)) {
    const options = parseOptions(section.args)

    if (scenarios.length > 0 && !options.scenarios.some(name => scenarios.includes(name))) {
      continue
    }

    const text = await figures(section, options, stderr)
    texts.set(section.line, text)

    if (check && text !== section.text) {
      code = 1
      print(`${path}:${section.line}: it says\n${section.text}\nbut the figures are\n${text}`)
    }
  }

  if (!check) {
    await write(path, fillSections(document, texts))
  }

  const done = check ? 'compared' : 'written'
  print(`${texts.size} places in ${path} ${done}`)

  return code
}

async function figures ({ args }: Section, options: Options, stderr: NodeJS.WriteStream): Promise<string> {
  const tables: string[] = []

  for (const found of await findScenarios(options.scenarios)) {
    tables.push(printRuns(await runScenario(found, options, stderr), options.columns))
  }

  return sectionText(args, tables.join('\n\n'))
}

async function read (path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (err) {
    throw new UsageError(`--docs: ${path} cannot be read: ${err instanceof Error ? err.message : String(err)}`)
  }
}
