import { expect } from 'aegir/chai'
import type { TestRunner } from '../../src/testing/index.ts'

/**
 * Mocha, but what a law is skipped for is looked into: it has to be broken, or
 * the reason is none any more.
 */
export const strictRunner: TestRunner = {
  describe: (title, body) => describe(title, body),
  it: Object.assign((title: string, body: () => void | Promise<void>) => it(title, body), {
    skip: (title: string, body: () => void | Promise<void>) => it(`does not keep ${title}`, async () => {
      await expect((async () => body())()).to.eventually.be.rejected()
    })
  })
}
