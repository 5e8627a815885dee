/**
 * The rows of CONTRIBUTING's map: a question, and the file that answers it.
 *
 * @param {string} contributing - its text
 * @returns {Array<{ question: string, name: string, path: string }>}
 */
export function mapOf (contributing) {
  const section = contributing.split(/^### Where is it\?$/m)[1]?.split(/^#/m)[0] ?? ''

  return [...section.matchAll(/^\| (?<question>[^|]+) \| \[(?<name>[^\]]+)\]\((?<path>[^)]+)\) \|$/gm)]
    .map(({ groups }) => ({ question: groups?.question ?? '', name: groups?.name ?? '', path: groups?.path ?? '' }))
}
