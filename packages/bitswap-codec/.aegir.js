/** @type {import('aegir').PartialOptions} */
export default {
  dependencyCheck: {
    // test/vectors/write-helia.ts imports only its internal files
    ignore: ['@helia/bitswap']
  }
}
