/* eslint-disable no-console */
import { buildKubo, buildOldKubo } from './lib/build-kubo.mjs'
import { buildVersitygw } from './lib/build-versitygw.mjs'
import { installJsIpfs } from './lib/install-js-ipfs.mjs'

/**
 * `npm run peers`: puts the real peers where the tests look for them, the newest
 * of each from the folder of packages/interop/peers that pins it, the old kubo by
 * its version. One that is there already is left alone.
 */
for (const [peer, make] of Object.entries({ kubo: buildKubo, 'old kubo': buildOldKubo, 'js-ipfs': installJsIpfs, versitygw: buildVersitygw })) {
  const problem = await make()

  if (problem != null) {
    console.error(`there is no ${peer}: ${problem}`)
    process.exitCode = 1
  }
}
