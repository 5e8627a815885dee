/* eslint-disable no-console */
import { buildKubo, buildOldKubo } from './lib/build-kubo.mjs'
import { buildVersitygw } from './lib/build-versitygw.mjs'
import { copyGatewayCars } from './lib/copy-gateway-cars.mjs'
import { installLastJsIpfs, installOldJsIpfs } from './lib/install-js-ipfs.mjs'

/**
 * `npm run peers`: puts the real peers where the tests look for them: current ones
 * from the folders of packages/interop/peers that pin them, the old kubo by its
 * version. It does not touch peers that exist already.
 */
for (const [peer, make] of Object.entries({ kubo: buildKubo, 'CARs of boxo': copyGatewayCars, 'old kubo': buildOldKubo, 'js-ipfs': installLastJsIpfs, 'old js-ipfs': installOldJsIpfs, versitygw: buildVersitygw })) {
  const problem = await make()

  if (problem != null) {
    console.error(`there is no ${peer}: ${problem}`)
    process.exitCode = 1
  }
}
