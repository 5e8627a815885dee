import { UsageError } from '../errors.ts'

/** A place in a document for the figures of one command. */
export interface Section {
  /** The arguments in its mark. */
  readonly args: readonly string[]
  /** The line of its mark, the first being 1. */
  readonly line: number
  /** Its present text. */
  readonly text: string
}

const MARK = /^<!-- simulate (.*) -->$/
const END = '<!-- end of simulation -->'

/**
 * The places for figures in a document: from a line `<!-- simulate ARGUMENTS -->`
 * to one that says `<!-- end of simulation -->`.
 *
 * @throws {UsageError} if a mark has no end, or if there are no marks
 */
export function findSections (document: string): Section[] {
  const lines = document.split('\n')
  const sections: Section[] = []

  for (const [i, line] of lines.entries()) {
    const mark = MARK.exec(line)

    if (mark != null) {
      const end = lines.indexOf(END, i)

      if (end === -1 || lines.slice(i + 1, end).some(line => MARK.test(line))) {
        throw new UsageError(`--docs: the mark in line ${i + 1} has no "${END}"`)
      }

      sections.push({ args: splitArguments(mark[1]), line: i + 1, text: lines.slice(i + 1, end).join('\n') })
    }
  }

  if (sections.length === 0) {
    throw new UsageError(`--docs: the document has no line "<!-- simulate --scenario NAME … -->", followed by "${END}"`)
  }

  return sections
}

/** Replaces the texts of some places, by the lines of their marks. */
export function fillSections (document: string, texts: ReadonlyMap<number, string>): string {
  const lines = document.split('\n')
  const filled: string[] = []

  for (let i = 0; i < lines.length; i++) {
    filled.push(lines[i])
    const text = texts.get(i + 1)

    if (text != null) {
      filled.push(text)
      i = lines.indexOf(END, i) - 1
    }
  }

  return filled.join('\n')
}

/** The text for a place: the command and what it prints. */
export function sectionText (args: readonly string[], table: string): string {
  return `\n\`\`\`sh\nnpm run simulate -- ${args.map(quoted).join(' ')}\n\`\`\`\n\n${table}\n`
}

/** An argument as written in a shell. */
export function quoted (arg: string): string {
  return /^[\w./=-]+$/.test(arg) ? arg : `"${arg}"`
}

/** Splits at spaces that are not within double quotes. */
function splitArguments (text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, inQuotes, plain]) => inQuotes ?? plain)
}
