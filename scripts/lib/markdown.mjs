/**
 * The links of a markdown text, including mermaid's `click` lines but not links in
 * other code.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function links (text) {
  const prose = text.replace(/^```(?!mermaid)[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')

  return [
    ...prose.matchAll(/\]\(\s*<?([^)\s>]+)/g),
    ...prose.matchAll(/^\s*click \S+ (?:href )?"([^"]+)"/gm),
    ...prose.matchAll(/^\[[^\]]+\]:\s+(\S+)/gm),
    ...prose.matchAll(/<(?:a|img)[^>]*\s(?:href|src)="([^"]+)"/g)
  ].map(match => match[1])
}

/**
 * The anchors that GitHub gives the headings of a markdown text.
 *
 * @param {string} text
 * @returns {Set<string>}
 */
export function anchors (text) {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '')

  return new Set([...prose.matchAll(/^#{1,6} (.+)$/gm)].map(match => match[1]
    .trim()
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}\s_-]/gu, '')
    .replaceAll(' ', '-')))
}
