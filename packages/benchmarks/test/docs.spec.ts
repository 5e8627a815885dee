import { expect } from 'aegir/chai'
import { insertResults } from '../src/docs.ts'
import { UsageError } from '../src/errors.ts'

const BEGIN = '<!-- results: written by npm run bench -- --docs -->'
const END = '<!-- end of results -->'

describe('docs', () => {
  it('replaces what is between the marks and nothing else', () => {
    const document = `before\n\n${BEGIN}\nold\n${END}\n\nafter\n`
    const once = insertResults(document, '| new |')

    expect(once).to.equal(`before\n\n${BEGIN}\n\n| new |\n\n${END}\n\nafter\n`)
    expect(insertResults(once, '| new |')).to.equal(once)
  })

  it('refuses a document without marks', () => {
    expect(() => insertResults('text', 'results')).to.throw(UsageError, '--docs')
    expect(() => insertResults(`${END}${BEGIN}`, 'results')).to.throw(UsageError)
  })
})
