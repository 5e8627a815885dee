/** @type {import('aegir').PartialOptions} */
export default {
  dependencyCheck: {
    // only its files inside are imported, by test/vectors/write-helia.ts
    ignore: ['@helia/bitswap']
  }
}
