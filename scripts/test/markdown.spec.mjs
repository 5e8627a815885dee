import { expect } from 'aegir/chai'
import { anchors, links } from '../lib/markdown.mjs'

describe('markdown', () => {
  it('finds links in prose, references, images and mermaid charts', () => {
    expect(links([
      'see [a](a.md) and ![b](b.png "title")',
      '<img alt="c" src="c.png">',
      '[ref]: d.md',
      '```mermaid',
      '  click node "e.ts"',
      '  click node href "f.ts" "tooltip"',
      '```'
    ].join('\n'))).to.have.members(['a.md', 'b.png', 'c.png', 'd.md', 'e.ts', 'f.ts'])
  })

  it('finds none in code', () => {
    expect(links('`[a](a.md)`\n```ts\nb[0](c.md)\n```\n')).to.be.empty()
  })

  it('names headings as GitHub does', () => {
    expect([...anchors('# The life of a want\n\n## `npm test`: what, where?\n```sh\n# not one\n```\n')])
      .to.deep.equal(['the-life-of-a-want', 'npm-test-what-where'])
  })
})
