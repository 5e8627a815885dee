/** The server's name, for peers and on the command line. */
export const NAME = 'kitsune-edge'

/** The version in package.json, which a Worker cannot read. */
export const VERSION = '0.0.0'
