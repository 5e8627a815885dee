/* eslint-disable no-console */
import { buildKubo } from './lib/build-kubo.mjs'
import { installJsIpfs } from './lib/install-js-ipfs.mjs'

/**
 * `npm run peers`: puts the real peers where the tests look for them, each from
 * the folder of packages/interop/peers that pins it. One that is there already
 * is left alone.
 */
for (const [peer, make] of Object.entries({ kubo: buildKubo, 'js-ipfs': installJsIpfs })) {
  const problem = await make()

  if (problem != null) {
    console.error(`there is no ${peer}: ${problem}`)
    process.exitCode = 1
  }
}
