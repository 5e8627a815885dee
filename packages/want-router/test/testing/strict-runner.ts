import { expect } from 'aegir/chai'
import type { TestRunner } from '../../src/testing/index.ts'

/**
 * Mocha, but a law that is skipped is checked, too: the subject has to break it,
 * otherwise the reason for skipping no longer holds.
 */
export const strictRunner: TestRunner = {
  describe: (title, body) => describe(title, body),
  it: Object.assign((title: string, body: () => void | Promise<void>) => it(title, body), {
    skip: (title: string, body: () => void | Promise<void>) => it(`does not keep ${title}`, async () => {
      await expect((async () => body())()).to.eventually.be.rejected()
    })
  })
}
