import { UsageError } from './errors.ts'

const BEGIN = '<!-- results: written by npm run bench -- --docs -->'
const END = '<!-- end of results -->'

/**
 * Puts results between the two marks of a document.
 *
 * @throws {UsageError} if the document has no marks
 */
export function insertResults (document: string, results: string): string {
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END)

  if (begin === -1 || end < begin) {
    throw new UsageError(`--docs: the file must have the lines "${BEGIN}" and "${END}", between which the results go`)
  }

  return `${document.slice(0, begin + BEGIN.length)}\n\n${results}\n\n${document.slice(end)}`
}
