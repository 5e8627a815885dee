/** `KITSUNE_FULL=1` asks for every test at full size, and for those that take minutes of waiting. */
export const FULL = process.env.KITSUNE_FULL === '1'
