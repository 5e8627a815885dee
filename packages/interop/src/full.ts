/** `KITSUNE_FULL=1` runs every test at full size, including those that wait for minutes. */
export const FULL = process.env.KITSUNE_FULL === '1'
